//! A thread with a connection of its own, and the queue to it.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::Parameters;
use crate::Error;

/// Where the database is.
pub(super) struct Target {
    config: Config,
    /// For connections that are encrypted, or may be.
    connector: Option<MakeRustlsConnect>,
    /// As errors name it: without a password.
    name: PathBuf,
    /// How long a silent process keeps its runs, if the address says so.
    pub(super) lease: Option<Duration>,
}

impl Target {
    pub(super) fn new(address: &str) -> Result<Target, Error> {
        let named = |name: String| PathBuf::from(name);
        let (address, own) = Own::take(address);
        match address.parse::<Config>() {
            Ok(mut config) => {
                config.application_name("prism").connect_timeout(Duration::from_secs(5));
                let hosts: Vec<String> = config
                    .get_hosts()
                    .iter()
                    .map(|host| match host {
                        postgres::config::Host::Tcp(name) => name.clone(),
                        postgres::config::Host::Unix(path) => path.display().to_string(),
                    })
                    .collect();
                let database = config.get_dbname().unwrap_or("postgres");
                let name = named(format!("postgres://{}/{database}", hosts.join(",")));
                match own.tls.connector(&mut config) {
                    Ok(connector) => Ok(Target { config, connector, name, lease: own.lease }),
                    Err(detail) => Err(Error::Unreachable { path: name, detail }),
                }
            }
            Err(error) => Err(Error::Unreachable {
                path: named("postgres://…".to_owned()),
                detail: format!("this is no address of a database: {}", whole(&error)),
            }),
        }
    }

    pub(super) fn connect(&self) -> Result<Client, Error> {
        let client = match &self.connector {
            Some(connector) => self.config.connect(connector.clone()),
            None => self.config.connect(NoTls),
        };
        client.map_err(|error| self.fault(&error))
    }

    /// What PostgreSQL reports, as an error of ours.
    pub(super) fn fault(&self, error: &postgres::Error) -> Error {
        let path = self.name.clone();
        match error.code().map(postgres::error::SqlState::code) {
            Some("53100") => Error::DiskFull { path },
            // A missing table or column, a value of another type: not what a store has.
            Some(code) if code.starts_with("42") || code.starts_with("22") => {
                Error::Damaged { path, detail: whole(error) }
            }
            Some(_) | None => Error::Unreachable { path, detail: whole(error) },
        }
    }

    pub(super) fn newer(&self, found: i64, supported: i64) -> Error {
        Error::Newer { path: self.name.clone(), found, supported }
    }

    pub(super) fn no_format(&self, wanted: i64, oldest: i64, newest: i64) -> Error {
        Error::NoFormat { path: self.name.clone(), wanted, oldest, newest }
    }

    pub(super) fn used(&self) -> Error {
        Error::Locked { path: self.name.clone() }
    }

    pub(super) fn no_store(&self) -> Error {
        Error::NotAStore { path: self.name.clone() }
    }

    pub(super) fn elsewhere(&self, address: &str) -> Error {
        Error::Elsewhere { path: self.name.clone(), address: address.to_owned() }
    }

    pub(super) fn no_thread(&self, error: &std::io::Error) -> Error {
        Error::Unreachable { path: self.name.clone(), detail: error.to_string() }
    }
}

/// What an address says that the client of the database does not know.
#[derive(Default)]
struct Own {
    lease: Option<Duration>,
    tls: Parameters,
}

impl Own {
    /// Takes it out of an address of either form.
    fn take(address: &str) -> (String, Own) {
        let mut own = Own::default();
        let (base, mark, parameters, between) = match address.split_once('?') {
            Some((base, parameters)) => (base, "?", parameters, '&'),
            None if address.contains("://") => return (address.to_owned(), own),
            None => ("", "", address, ' '),
        };
        let mut rest = Vec::new();
        for parameter in parameters.split(between) {
            if !own.tls.take(parameter) && !own.take_lease(parameter) {
                rest.push(parameter);
            }
        }
        let mark = if rest.is_empty() { "" } else { mark };
        (format!("{base}{mark}{}", rest.join(between.encode_utf8(&mut [0; 4]))), own)
    }

    fn take_lease(&mut self, parameter: &str) -> bool {
        let Some(span) = parameter.strip_prefix("lease=") else { return false };
        let ms = span.strip_suffix("ms").and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
        let seconds = || span.strip_suffix('s')?.parse().ok().map(Duration::from_secs);
        self.lease = ms.or_else(seconds).or(self.lease);
        ms.or_else(seconds).is_some()
    }
}

/// Why a transaction is taken back: the server said so, or we did.
pub(super) enum Fault {
    Server(postgres::Error),
    Own(Error),
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Fault {
        Fault::Server(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Own(error)
    }
}

impl Fault {
    pub(super) fn of(self, target: &Target) -> Error {
        match self {
            Fault::Server(error) => target.fault(&error),
            Fault::Own(error) => error,
        }
    }
}

/// An error with its causes: the client's own text hides what the server said.
fn whole(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

/// A connection that is made when it is needed.
pub(super) struct Connection {
    pub(super) target: Arc<Target>,
    /// Settings of the connection, as SQL.
    settings: String,
    client: Option<Client>,
}

impl Connection {
    pub(super) fn new(target: Arc<Target>, settings: &str) -> Connection {
        Connection { target, settings: settings.to_owned(), client: None }
    }

    pub(super) fn client(&mut self) -> Result<&mut Client, Error> {
        if self.client.as_ref().is_some_and(Client::is_closed) {
            self.client = None;
        }
        match &mut self.client {
            Some(client) => Ok(client),
            none => {
                let mut client = self.target.connect()?;
                client.batch_execute(&self.settings).map_err(|error| self.target.fault(&error))?;
                Ok(none.insert(client))
            }
        }
    }

    /// Makes the next use begin with a new connection: nobody knows what state this one is in.
    pub(super) fn forget(&mut self) {
        self.client = None;
    }
}

/// The queue to a thread. Dropping it waits until the queue is empty.
pub(super) struct Link<J> {
    pub(super) target: Arc<Target>,
    queue: Queue<J>,
    thread: Option<JoinHandle<()>>,
}

/// An end of the queue; `None` inside when the link is gone.
pub(super) struct Queue<J>(Arc<Mutex<Option<Sender<J>>>>);

impl<J> Queue<J> {
    pub(super) fn send(&self, job: J) {
        if let Some(queue) = &*self.lock() {
            // The thread ends only with the link; a panic of it shows where an answer is awaited.
            let _ = queue.send(job);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sender<J>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Clone for Queue<J> {
    fn clone(&self) -> Queue<J> {
        Queue(self.0.clone())
    }
}

/// Starts a thread that is handed everything that has been queued since the last time.
pub(super) fn start<J: Send + 'static>(
    name: &str,
    target: Arc<Target>,
    settings: &str,
    mut work: impl FnMut(&mut Connection, Vec<J>) + Send + 'static,
) -> Result<Link<J>, Error> {
    let (queue, jobs) = mpsc::channel();
    let mut connection = Connection::new(target.clone(), settings);
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            while let Ok(first) = jobs.recv() {
                let mut all = vec![first];
                all.extend(jobs.try_iter());
                work(&mut connection, all);
            }
        })
        .map_err(|error| target.no_thread(&error))?;
    let queue = Queue(Arc::new(Mutex::new(Some(queue))));
    Ok(Link { target, queue, thread: Some(thread) })
}

impl<J> Link<J> {
    pub(super) fn send(&self, job: J) {
        self.queue.send(job);
    }

    /// For jobs that may come when the link is gone: they are dropped then.
    pub(super) fn queue(&self) -> Queue<J> {
        self.queue.clone()
    }
}

impl<J> Drop for Link<J> {
    fn drop(&mut self) {
        *self.queue.lock() = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_say_how_long_a_lease_is() {
        let lease = |address| {
            let (address, own) = Own::take(address);
            (address, own.lease)
        };
        let plain = "postgres://u@h/d";
        assert_eq!(lease(plain), (plain.to_owned(), None));
        let with_host = "postgres://u@h/d?host=/x&lease=250ms";
        let expected = ("postgres://u@h/d?host=/x".to_owned(), Some(Duration::from_millis(250)));
        assert_eq!(lease(with_host), expected);
        let three = Some(Duration::from_secs(3));
        assert_eq!(lease("postgres://u@h/d?lease=3s"), (plain.to_owned(), three));
        assert_eq!(lease("host=/x lease=3s user=u"), ("host=/x user=u".to_owned(), three));
    }

    #[test]
    fn an_address_may_say_how_it_is_secured() {
        let (address, own) = Own::take("postgres://h/d?sslmode=verify-full&sslrootcert=%2Fa%20b");
        let mut expected = Parameters::default();
        assert!(expected.take("sslmode=verify-full") && expected.take("sslrootcert=/a b"));
        assert!(!expected.take("host=h"));
        assert_eq!((address.as_str(), own.tls), ("postgres://h/d", expected));
    }
}
