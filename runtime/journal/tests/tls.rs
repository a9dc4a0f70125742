//! Connections to PostgreSQL that are encrypted, and servers that are not to be trusted.

#![allow(clippy::unwrap_used, reason = "a test program may panic anywhere")]

#[path = "support/server.rs"]
mod server;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use prism_journal::{Error, Postgres, RunId, Store};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use server::Server;

/// Who signs certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Writes the certificate of `name`, and its key.
fn certify(by: &Authority, name: &str, certificate: &Path, key: &Path) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let pair = KeyPair::generate().unwrap();
    std::fs::write(certificate, params.signed_by(&pair, by).unwrap().pem()).unwrap();
    std::fs::write(key, pair.serialize_pem()).unwrap();
    std::fs::set_permissions(key, PermissionsExt::from_mode(0o600)).unwrap();
}

/// A server with a certificate for `localhost`, which wants one of its users too.
struct Secured {
    server: Server,
    folder: tempfile::TempDir,
    port: u16,
}

impl Secured {
    fn start() -> Secured {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (authority("ours"), authority("other"));
        std::fs::write(folder.path().join("ours.pem"), ours.pem()).unwrap();
        std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
        let in_folder = |name: &str| folder.path().join(name);
        certify(&ours, "robot", &in_folder("robot.pem"), &in_folder("robot.key"));
        // Free when it was asked for.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server::start_with(port, |data| {
            certify(&ours, "localhost", &data.join("server.pem"), &data.join("server.key"));
            std::fs::write(data.join("ours.pem"), ours.pem()).unwrap();
            let who = "local all all trust\n\
                       hostssl all robot 127.0.0.1/32 cert\n\
                       hostssl all all 127.0.0.1/32 trust\n";
            std::fs::write(data.join("pg_hba.conf"), who).unwrap();
            let mut settings = vec!["ssl=on", "listen_addresses=127.0.0.1"];
            settings.extend(["ssl_cert_file=server.pem", "ssl_key_file=server.key"]);
            settings.push("ssl_ca_file=ours.pem");
            settings
        });
        assert!(server.sql("postgres", "CREATE ROLE robot SUPERUSER LOGIN"));
        Secured { server, folder, port }
    }

    fn open(&self, who: &str, parameters: &str) -> Result<Postgres, Error> {
        let folder = self.folder.path().display().to_string();
        let parameters = parameters.replace("FOLDER", &folder);
        Postgres::open(&format!("postgres://{who}:{}/postgres?{parameters}", self.port))
    }

    /// Opens a store whose connections all are encrypted.
    fn opens(&self, who: &str, parameters: &str) {
        let store = self.open(who, parameters).unwrap();
        assert!(store.read(RunId::generate(), 0).unwrap().is_empty());
        let all_secured = "SELECT 1 / (count(*) FILTER (WHERE ssl) = count(*) AND count(*) > 0)::int \
             FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'prism'";
        assert!(self.server.sql("postgres", all_secured), "{parameters}");
    }

    fn refuses(&self, who: &str, parameters: &str, why: &str) {
        match self.open(who, parameters) {
            Ok(_) => panic!("{who}, {parameters}: opened"),
            Err(error) => {
                assert_eq!(error.code(), "P2007");
                assert!(error.to_string().contains(why), "{parameters}: {error}");
            }
        }
    }
}

#[test]
fn connections_are_as_secure_as_the_address_asks_for() {
    let at = Secured::start();
    let (named, not_named) = ("prism@localhost", "prism@127.0.0.1");
    at.opens(not_named, "");
    at.opens(not_named, "sslmode=prefer");
    at.opens(not_named, "sslmode=require");
    at.opens(not_named, "sslmode=verify-ca&sslrootcert=FOLDER/ours.pem");
    at.opens(named, "sslmode=verify-full&sslrootcert=FOLDER/ours.pem");
    at.opens(named, "sslmode=require&sslrootcert=FOLDER/ours.pem");

    at.refuses(not_named, "sslmode=disable", "no encryption");
    at.refuses(not_named, "sslmode=verify-full&sslrootcert=FOLDER/ours.pem", "not valid for name");
    let unknown = "UnknownIssuer";
    at.refuses(named, "sslmode=verify-full&sslrootcert=FOLDER/other.pem", unknown);
    at.refuses(named, "sslmode=verify-ca&sslrootcert=FOLDER/other.pem", unknown);
    at.refuses(named, "sslmode=require&sslrootcert=FOLDER/other.pem", unknown);
    at.refuses(named, "sslmode=verify-full", unknown);
    at.refuses(named, "sslmode=verify-ca&sslrootcert=system", unknown);
}

#[test]
fn a_client_shows_its_certificate() {
    let at = Secured::start();
    let robot = "robot@localhost";
    let own = "sslcert=FOLDER/robot.pem&sslkey=FOLDER/robot.key";
    at.opens(robot, &format!("sslmode=require&{own}"));
    at.opens(robot, &format!("sslmode=verify-full&sslrootcert=FOLDER/ours.pem&{own}"));
    at.refuses(robot, "sslmode=require", "client certificate");
    at.refuses(robot, "sslcert=FOLDER/robot.pem", "`sslcert` needs `sslkey`");
    at.refuses(robot, "sslkey=FOLDER/robot.key", "`sslkey` needs `sslcert`");
}

#[test]
fn parameters_that_cannot_be_followed_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    let detail = |parameters: &str| {
        let parameters = parameters.replace("FOLDER", &folder.path().display().to_string());
        let opened = Postgres::open(&format!("postgres://localhost:1/d?{parameters}"));
        opened.map(|_| ()).unwrap_err().to_string()
    };
    assert!(detail("sslmode=strict").contains("not strict"));
    let missing = detail("sslmode=verify-ca&sslrootcert=FOLDER/none.pem");
    assert!(missing.contains("`sslrootcert`") && missing.contains("none.pem"), "{missing}");
    let empty = detail("sslmode=verify-full&sslrootcert=FOLDER/empty.pem");
    assert!(empty.contains("no certificate"), "{empty}");
}
