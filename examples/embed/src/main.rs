//! `cargo run -p prism-example-embed`, then `echo '{"text": "v2"}' | nc 127.0.0.1 7070`.

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 7070)).await?;
    println!("listening on {}", listener.local_addr()?);
    prism_example_embed::serve(listener).await
}
