//! Whole runs, on a machine that does what a test says.

mod fake;

mod lab;

mod agents;

mod checkpoints;

mod crash;

mod durable;

mod fast;

mod once;

mod people;

mod schedule;

mod stores;
