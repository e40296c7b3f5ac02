//! A real PostgreSQL server of its own, in a temporary directory, that ends with the test, however that ends.

use postgres::{Client, NoTls};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The role that owns the server.
pub const OWNER: &str = "owner";
/// Its password, for connections by TCP.
pub const PASSWORD: &str = "it's \\ a $ecret";

/// Runs PostgreSQL until its standard input ends, which it does with the test's process; then removes everything.
const KEEPER: &str = r#"
"$1" -D "$2" &
server=$!
cat > /dev/null
kill -QUIT $server 2> /dev/null
wait $server
[ -e "$3/keep" ] || rm -rf "$3"
"#;

pub struct Server {
    store: PathBuf,
    /// The directory of its programs.
    programs: PathBuf,
    port: u16,
    keeper: Mutex<Option<(Child, ChildStdin)>>,
}

/// The server of this process.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    /// A server that no other test uses: for tests that stop it.
    pub fn start() -> Server {
        Server::start_in(new_room(), installed_programs())
    }

    /// One of the PostgreSQL with pgvector that scripts/pgvector.sh has fetched; none where it could not.
    pub fn with_pgvector() -> Option<Server> {
        let programs = PathBuf::from(std::env::var_os("CODEX_TEST_PGVECTOR")?);
        // Whom it runs as may not look into the cache.
        let store = new_room();
        let copied = Command::new("cp")
            .args(["-r", "--"])
            .arg(programs.ancestors().nth(3)?)
            .arg(store.join("programs"))
            .status();
        assert!(copied.unwrap().success());
        let inside = programs.strip_prefix(programs.ancestors().nth(3)?);
        let programs = store.join("programs").join(inside.unwrap());
        Some(Server::start_in(store, programs))
    }

    fn start_in(store: PathBuf, programs: PathBuf) -> Server {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Server {
            store,
            programs,
            port,
            keeper: Mutex::new(None),
        };
        server.initialise();
        server.run();
        server
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        unprivileged(&mut command);
        command
    }

    fn data(&self) -> PathBuf {
        self.store.join("data")
    }

    fn initialise(&self) {
        let password = self.store.join("password");
        fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        own(&password);
        let output = self
            .command("initdb")
            .args([
                "--no-sync",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg(format!("--username={OWNER}"))
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(self.data())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut settings = fs::OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .unwrap();
        let tls = if self.certificates() { "on" } else { "off" };
        writeln!(
            settings,
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\nfsync = off\nfull_page_writes = off\n\
             synchronous_commit = off\nmax_connections = 20\nshared_buffers = 64MB\nautovacuum = off\nlogging_collector = off\nssl = {tls}",
            self.port,
            self.store.display()
        )
        .unwrap();
    }

    /// A certificate authority, and a certificate of it for localhost. False where openssl is missing, or the server has no TLS.
    fn certificates(&self) -> bool {
        let built = self.command("pg_config").arg("--configure").output();
        if !built.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("openssl")) {
            return false;
        }
        let data = self.data();
        let openssl = |args: &[&str]| openssl(&data, args);
        let made = openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=codex test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        ]) && openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        ]) && {
            fs::write(data.join("names"), "subjectAltName=DNS:localhost").unwrap();
            openssl(&[
                "x509",
                "-req",
                "-in",
                "server.csr",
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "names",
                "-out",
                "server.crt",
            ])
        };
        if made {
            for name in ["server.key", "server.crt", "ca.crt"] {
                let path = data.join(name);
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
                own(&path);
            }
            fs::copy(data.join("ca.crt"), self.store.join("ca.crt")).unwrap();
            fs::set_permissions(self.store.join("ca.crt"), fs::Permissions::from_mode(0o644))
                .unwrap();
        }
        made
    }

    /// Has the server show a certificate for localhost that nobody signed but itself, and which says that it is an authority.
    /// Where there is TLS; it is started anew.
    pub fn sign_itself(&self) -> Option<PathBuf> {
        self.authority()?;
        self.kill();
        let data = self.data();
        assert!(openssl(
            &data,
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-keyout",
                "server.key",
                "-out",
                "server.crt",
            ]
        ));
        for name in ["server.key", "server.crt"] {
            own(&data.join(name));
        }
        let own = self.store.join("own.crt");
        fs::copy(data.join("server.crt"), &own).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
        self.run();
        Some(own)
    }

    /// The authority's certificate, where TLS is on.
    pub fn authority(&self) -> Option<PathBuf> {
        Some(self.store.join("ca.crt")).filter(|path| path.exists())
    }

    /// Starts it, and waits until it answers.
    pub fn run(&self) {
        let _ = fs::remove_file(self.store.join("keep"));
        let log = fs::File::create(self.store.join("log")).unwrap();
        let mut sh = Command::new("sh");
        sh.args(["-c", KEEPER, "sh"])
            .arg(self.programs.join("postgres"))
            .arg(self.data())
            .arg(&self.store)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        unprivileged(&mut sh);
        // Not killed by a Ctrl-C meant for the test: the pipe ends it.
        sh.process_group(0);
        let mut keeper = sh.spawn().unwrap();
        let pipe = keeper.stdin.take().unwrap();
        *self.keeper.lock().unwrap() = Some((keeper, pipe));
        let started = Instant::now();
        while let Err(e) = self.try_connect("postgres") {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "PostgreSQL does not start: {e}\n{}",
                fs::read_to_string(self.store.join("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it at once, as a crash would, and waits until it is gone. Its data stay for the next start.
    pub fn kill(&self) {
        fs::write(self.store.join("keep"), "").unwrap();
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        assert!(
            Command::new("kill")
                .args(["-9", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.finish();
    }

    fn finish(&self) {
        if let Some((mut keeper, pipe)) = self.keeper.lock().unwrap().take() {
            drop(pipe);
            keeper.wait().unwrap();
        }
    }

    fn try_connect(&self, database: &str) -> Result<Client, postgres::Error> {
        postgres::Config::new()
            .host_path(&self.store)
            .port(self.port)
            .user(OWNER)
            .dbname(database)
            .connect(NoTls)
    }

    /// A database of this test's own, in which the memories of the user are.
    pub fn database(&self) -> Database<'_> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("codex_db_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.try_connect("postgres")
            .unwrap()
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        Database { server: self, name }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.finish();
        let _ = fs::remove_dir_all(&self.store);
    }
}

pub struct Database<'a> {
    pub server: &'a Server,
    pub name: String,
}

impl Database<'_> {
    pub fn client(&self) -> Client {
        self.server.try_connect(&self.name).unwrap()
    }

    pub fn run(&self, sql: &str) {
        if let Err(e) = self.client().batch_execute(sql) {
            panic!("{sql}\n{e:?}");
        }
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.client().query_one(sql, &[]).unwrap().get(0)
    }

    pub fn text(&self, sql: &str) -> String {
        self.client().query_one(sql, &[]).unwrap().get(0)
    }

    /// The address through the socket.
    pub fn url(&self) -> String {
        self.url_of(OWNER)
    }

    pub fn url_of(&self, role: &str) -> String {
        format!(
            "postgresql://{role}@{}:{}/{}",
            self.server.store.display().to_string().replace('/', "%2F"),
            self.server.port,
            self.name
        )
    }

    /// The address by TCP, without a password.
    pub fn tcp(&self, host: &str) -> String {
        format!(
            "postgresql://{OWNER}@{host}:{}/{}",
            self.server.port, self.name
        )
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }
}

fn openssl(directory: &Path, args: &[&str]) -> bool {
    Command::new("openssl")
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

/// PostgreSQL refuses to run as root.
fn unprivileged(command: &mut Command) {
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
}

fn own(path: &Path) {
    if let Some((user, group)) = other_user() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
}

/// Whom to run as where we are root: postgres, else nobody.
fn other_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let find = |name: &str| {
            users.lines().find_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                (fields[0] == name)
                    .then(|| (fields[2].parse().unwrap(), fields[3].parse().unwrap()))
            })
        };
        Some(
            find("postgres")
                .or_else(|| find("nobody"))
                .expect("a user postgres or nobody to run PostgreSQL as"),
        )
    })
}

/// A directory for a server, which whoever it runs as owns.
fn new_room() -> PathBuf {
    let store = tempfile::Builder::new()
        .prefix("codex-postgres-")
        .tempdir()
        .unwrap()
        .keep();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    own(&store);
    store
}

/// The programs of the PostgreSQL in $CODEX_TEST_POSTGRES, else of the newest one installed.
fn installed_programs() -> PathBuf {
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured =
        configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let wanted = std::env::var_os("CODEX_TEST_POSTGRES").map(PathBuf::from);
    wanted
        .into_iter()
        .chain(found.into_iter().rev())
        .chain(configured)
        .chain(["/opt/homebrew/bin", "/usr/local/pgsql/bin"].map(PathBuf::from))
        .chain(std::env::split_paths(&path))
        .find(|dir| dir.join("initdb").is_file())
        .unwrap_or_else(|| {
            panic!(
                "initdb is missing: the tests start a PostgreSQL of their own. On Debian or Ubuntu: apt-get install postgresql; \
                 on macOS: brew install postgresql@17"
            )
        })
}

/// The directory with DuckDB's PostgreSQL extension, fetched once.
pub fn extensions() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres_extension.sh");
        let output = Command::new(script)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "scripts/postgres_extension.sh could not fetch DuckDB's PostgreSQL extension"
        );
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    })
}
