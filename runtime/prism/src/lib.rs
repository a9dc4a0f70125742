#![doc = include_str!("../README.md")]

mod backend;

mod engine;

mod error;

mod handlers;

mod sources;

pub use engine::Engine;
pub use error::Error;
pub use handlers::{Call, Failure};
pub use prism_agents::{AgentSpec, Backoff, BreakerSettings, Retry};
pub use prism_driver::Located;
pub use prism_engine::{RunResult, Vault};
pub use prism_journal::{RunId, Status};
pub use prism_vm::{Data, Limits};
