//! Large values of a store in a bucket that speaks S3.
//!
//! In: an address, `s3://bucket/prefix`. Out: [`Values`] under it, `prefix/ab/cdef…`. Where the
//! server is and who asks comes from the environment, as other programs have it: `AWS_ENDPOINT_URL`,
//! `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`. Everything under a prefix belongs to
//! one store. A value is written under the name of its hash, so writing it twice changes nothing.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use prism_journal::{Digest, Error, Values};
use tokio::runtime::{Builder, Runtime};

/// What an address begins with.
pub const SCHEME: &str = "s3://";

/// How long one request may take, connecting included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a request is repeated that met a busy or broken server, and for how long.
const RETRIES: usize = 4;
const RETRIES_END: Duration = Duration::from_secs(60);

/// A place in a bucket.
struct Bucket {
    address: String,
    prefix: String,
    objects: Arc<AmazonS3>,
    /// Its own thread: whoever waits here may be a thread of another runtime.
    runtime: Option<Runtime>,
}

/// Opens a place, with the settings of the environment. Nothing is asked of the server before it is
/// needed.
///
/// Errors: `P2007` for an address that is none.
pub fn open(address: &str) -> Result<Arc<dyn Values>, Error> {
    open_with(
        address,
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }),
    )
}

/// The same with these settings, named as in the environment.
pub fn open_with(
    address: &str,
    settings: impl IntoIterator<Item = (String, String)>,
) -> Result<Arc<dyn Values>, Error> {
    let wrong = |detail: String| Error::Unreachable { path: PathBuf::from(address), detail };
    let rest = address.strip_prefix(SCHEME);
    let rest = rest.ok_or_else(|| wrong(format!("an address begins with {SCHEME}")))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(wrong("it names no bucket".to_owned()));
    }
    let retry =
        RetryConfig { max_retries: RETRIES, retry_timeout: RETRIES_END, ..RetryConfig::default() };
    let mut client = ClientOptions::new().with_timeout(PATIENCE).with_connect_timeout(PATIENCE);
    let mut builder = AmazonS3Builder::new();
    for (name, value) in settings {
        let name = name.to_ascii_lowercase();
        let Ok(key) = name.parse::<AmazonS3ConfigKey>() else { continue };
        if name.starts_with("aws_") {
            // Whoever names a server without encryption means it.
            if key == AmazonS3ConfigKey::Endpoint && value.starts_with("http://") {
                client = client.with_allow_http(true);
            }
            builder = builder.with_config(key, value);
        }
    }
    let objects = builder
        .with_bucket_name(bucket)
        .with_client_options(client)
        .with_retry(retry)
        .build()
        .map_err(|error| wrong(error.to_string()))?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("prism-bucket")
        .enable_all()
        .build()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(Bucket {
        address: address.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
        objects: Arc::new(objects),
        runtime: Some(runtime),
    }))
}

impl Bucket {
    fn name(&self, hash: Digest) -> Path {
        let name = hash.to_string();
        Path::from(format!("{}/{}/{}", self.prefix, &name[..2], &name[2..]))
    }

    /// Carries out a request on the bucket's own thread.
    fn wait<T, F>(&self, request: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, object_store::Error>> + Send + 'static,
    {
        let (reply, outcome) = mpsc::sync_channel(1);
        if let Some(runtime) = &self.runtime {
            // Whoever asks waits below.
            runtime.spawn(async move { reply.send(request.await) });
        }
        let fault = |detail| Error::Unreachable { path: PathBuf::from(&self.address), detail };
        match outcome.recv() {
            Ok(outcome) => outcome.map_err(|error| fault(whole(&error))),
            Err(_) => Err(fault("the request was given up".to_owned())),
        }
    }
}

/// An error with its causes.
fn whole(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

impl Values for Bucket {
    fn put(&self, hash: Digest, bytes: &[u8]) -> Result<(), Error> {
        let (objects, name, bytes) = (self.objects.clone(), self.name(hash), bytes.to_vec());
        self.wait(async move {
            match objects.head(&name).await {
                Ok(found) if found.size == bytes.len() as u64 => return Ok(()),
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            objects.put(&name, bytes.into()).await.map(|_| ())
        })
    }

    fn get(&self, hash: Digest) -> Result<Option<Vec<u8>>, Error> {
        let (objects, name) = (self.objects.clone(), self.name(hash));
        self.wait(async move {
            match objects.get(&name).await {
                Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn sweep(&self, is_known: &mut dyn FnMut(Digest) -> bool) -> Result<(), Error> {
        let (objects, prefix) = (self.objects.clone(), Path::from(self.prefix.as_str()));
        let listed = async move {
            let listed = objects.list(Some(&prefix)).map_ok(|found| found.location);
            listed.try_collect::<Vec<Path>>().await
        };
        let mut gone = self.wait(listed)?;
        gone.retain(|name| {
            let mut parts: Vec<_> = name.parts().map(|part| part.as_ref().to_owned()).collect();
            let last = parts.split_off(parts.len().saturating_sub(2)).concat();
            !last.parse().is_ok_and(&mut *is_known)
        });
        let objects = self.objects.clone();
        self.wait(async move {
            let names = futures_util::stream::iter(gone.into_iter().map(Ok)).boxed();
            objects.delete_stream(names).try_for_each(|_| async { Ok(()) }).await
        })
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Nothing is under way: whoever asked has waited. A runtime may not end inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
