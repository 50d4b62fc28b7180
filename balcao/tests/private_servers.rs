//! The private servers, run for real.
//!
//! Waiting is always for a state that must come (an answer, a new process id), bounded by the servers' own limits.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use balcao::private::{Postgres, Redis, postgres, redis};
use sqlx::{Connection, PgConnection};

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_migrates_and_each_log_in_has_its_role() {
    let data = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(postgres::Options::throw_away(data.path()))
        .await
        .unwrap();

    migrate(&postgres.owner_url()).await;

    let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
    let superuser: bool = one(
        &mut owner,
        "select rolsuper or rolcreaterole from pg_roles where rolname = current_user",
    )
    .await;
    assert!(!superuser);
    for (url, role) in [
        (postgres.app_url(), "balcao_app"),
        (postgres.sequencer_url(), "balcao_sequencer"),
        (postgres.reports_url(), "balcao_reports"),
    ] {
        let mut login = PgConnection::connect(&url).await.unwrap();
        assert!(
            one::<bool>(
                &mut login,
                &format!("select pg_has_role(current_user, '{role}', 'usage')")
            )
            .await
        );
    }
    let mut app = PgConnection::connect(&postgres.app_url()).await.unwrap();
    assert_eq!(
        one::<i64>(&mut app, "select count(*) from message").await,
        0
    );
    assert!(
        sqlx::query("delete from audit_event")
            .execute(&mut app)
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_cluster_keeps_its_rows_and_passwords_across_a_stop() {
    let data = tempfile::tempdir().unwrap();
    let first = Postgres::start(postgres::Options::durable(data.path()))
        .await
        .unwrap();
    let url = first.owner_url();
    execute(&url, "create table kept as select 42 as answer").await;
    first.stop().await.unwrap();

    let second = Postgres::start(postgres::Options::durable(data.path()))
        .await
        .unwrap();

    assert_eq!(second.owner_url(), url);
    let mut owner = PgConnection::connect(&url).await.unwrap();
    assert_eq!(one::<i32>(&mut owner, "select answer from kept").await, 42);
    second.stop().await.unwrap();
    forget_outside_files(data.path(), "postgres");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_comes_back_with_what_was_committed() {
    let data = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(postgres::Options::throw_away(data.path()))
        .await
        .unwrap();
    execute(
        &postgres.owner_url(),
        "create table kept as select 42 as answer",
    )
    .await;
    let before = postgres.pid();

    postgres.kill();
    process_is_gone(before.unwrap());
    postgres.ready().await.unwrap();

    assert_ne!(postgres.pid(), before);
    let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
    assert_eq!(one::<i32>(&mut owner, "select answer from kept").await, 42);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_postgres_stays_down_until_it_is_resumed() {
    let data = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(postgres::Options::throw_away(data.path()))
        .await
        .unwrap();

    postgres.pause().await.unwrap();

    assert_eq!(postgres.pid(), None);
    assert!(PgConnection::connect(&postgres.owner_url()).await.is_err());
    postgres.resume().await.unwrap();
    assert!(PgConnection::connect(&postgres.owner_url()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_path_with_spaces_and_accents_works() {
    let root = tempfile::tempdir().unwrap();
    let data = root
        .path()
        .join("balcão de atendimento")
        .join("x".repeat(120));
    let postgres = Postgres::start(postgres::Options::throw_away(&data))
        .await
        .unwrap();
    let redis = Redis::start(redis::Options {
        data: data.clone(),
        append_only: false,
    })
    .await
    .unwrap();

    assert!(PgConnection::connect(&postgres.owner_url()).await.is_ok());
    assert!(redis.flushall().await.is_ok());
}

/// The demo's folder is closed, root's home is too; neither may keep the servers' own user from their files.
#[tokio::test(flavor = "multi_thread")]
async fn data_folders_that_nobody_else_may_enter_work() {
    let closed = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    for folder in [closed.path(), home.path()] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    for data in [
        closed.path().to_owned(),
        home.path().join("checkout/.balcao"),
    ] {
        let postgres = Postgres::start(postgres::Options::throw_away(&data))
            .await
            .unwrap();
        let redis = Redis::start(redis::Options {
            data: data.clone(),
            append_only: false,
        })
        .await
        .unwrap();

        assert!(PgConnection::connect(&postgres.owner_url()).await.is_ok());
        assert!(redis.flushall().await.is_ok());
        for server in ["postgres", "redis"] {
            assert_eq!(mode_of(&files_of(&data, server)), 0o700);
        }
        assert_eq!(mode_of(&data) & 0o067, 0, "nobody else may enter or list");
    }
    assert_eq!(
        files_of(closed.path(), "postgres"),
        closed.path().join("postgres")
    );
}

/// The test starts itself a second time; that process holds the servers and is killed.
#[tokio::test(flavor = "multi_thread")]
async fn servers_end_when_their_process_is_killed_and_start_again_on_the_same_files() {
    const DATA: &str = "BALCAO_TEST_SERVERS_TO_ORPHAN";
    if let Some(data) = std::env::var_os(DATA) {
        let postgres = Postgres::start(postgres::Options::durable(&data))
            .await
            .unwrap();
        let redis = Redis::start(redis::Options {
            data: data.into(),
            append_only: true,
        })
        .await
        .unwrap();
        println!(
            "\npids {} {}",
            postgres.pid().unwrap(),
            redis.pid().unwrap()
        );
        std::future::pending::<()>().await;
    }
    let data = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "servers_end_when_their_process_is_killed_and_start_again_on_the_same_files",
        ])
        .env(DATA, data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let pids = lines
        .into_iter()
        .find_map(|line| Some(line.strip_prefix("pids ")?.to_owned()))
        .unwrap();

    child.kill().unwrap();
    child.wait().unwrap();

    pids.split(' ')
        .for_each(|pid| process_is_gone(pid.parse().unwrap()));
    let postgres = Postgres::start(postgres::Options::durable(data.path()))
        .await
        .unwrap();
    let redis = Redis::start(redis::Options {
        data: data.path().into(),
        append_only: true,
    })
    .await
    .unwrap();
    assert!(PgConnection::connect(&postgres.owner_url()).await.is_ok());
    postgres.stop().await.unwrap();
    redis.stop().await.unwrap();
    forget_outside_files(data.path(), "postgres");
    forget_outside_files(data.path(), "redis");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind_after_a_drop() {
    let data = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(postgres::Options::throw_away(data.path()))
        .await
        .unwrap();
    let redis = Redis::start(redis::Options {
        data: data.path().into(),
        append_only: false,
    })
    .await
    .unwrap();
    let pids = [postgres.pid().unwrap(), redis.pid().unwrap()];
    let sockets = redis
        .url()
        .replace("redis+unix://", "")
        .replace("/redis.sock", "");
    assert!(Path::new(&sockets).exists());

    drop((postgres, redis));

    pids.into_iter().for_each(process_is_gone);
    assert!(!Path::new(&sockets).exists());
    for server in ["postgres", "redis"] {
        assert!(!files_of(data.path(), server).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_balcao_on_the_same_folder_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let first = Postgres::start(postgres::Options::throw_away(data.path()))
        .await
        .unwrap();

    let second = Postgres::start(postgres::Options::throw_away(data.path())).await;

    assert!(second.unwrap_err().to_string().contains("another balcao"));
    assert!(PgConnection::connect(&first.owner_url()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_postgres_refuses_is_quoted_in_the_error() {
    let data = tempfile::tempdir().unwrap();
    let mut options = postgres::Options::throw_away(data.path());
    options
        .extra_settings
        .push(("max_connections".into(), "many".into()));

    let error = Postgres::start(options).await.unwrap_err();

    assert!(
        format!("{error:#}").contains("max_connections"),
        "{error:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_its_passwords_is_not_entered() {
    let data = tempfile::tempdir().unwrap();
    Postgres::start(postgres::Options::durable(data.path()))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    std::fs::remove_file(data.path().join("postgres.json")).unwrap();

    let error = Postgres::start(postgres::Options::durable(data.path()))
        .await
        .unwrap_err();

    assert!(
        format!("{error:#}").contains("start with a new data folder"),
        "{error:#}"
    );
    forget_outside_files(data.path(), "postgres");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_made_once_and_holds_what_was_prepared() {
    let cache = tempfile::tempdir().unwrap();
    let make = || {
        Postgres::template(cache.path(), "v1", async |url| {
            migrate(&url).await;
            Ok(())
        })
    };
    let (one_maker, another) = tokio::join!(make(), make());
    let template = one_maker.unwrap();
    assert_eq!(another.unwrap(), template);

    let data = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let options = postgres::Options {
        template: Some(template),
        ..postgres::Options::throw_away(data.path())
    };
    let postgres = Postgres::start(options).await.unwrap();
    println!(
        "started from the template in {} ms",
        began.elapsed().as_millis()
    );

    let mut app = PgConnection::connect(&postgres.app_url()).await.unwrap();
    assert_eq!(
        one::<i64>(&mut app, "select count(*) from conversation").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_survives_being_killed_paused_and_frozen() {
    let data = tempfile::tempdir().unwrap();
    let redis = Redis::start(redis::Options {
        data: data.path().into(),
        append_only: true,
    })
    .await
    .unwrap();
    let before = redis.pid();

    redis.kill();
    process_is_gone(before.unwrap());
    redis.ready().await.unwrap();
    assert_ne!(redis.pid(), before);

    redis.pause().await.unwrap();
    assert_eq!(redis.pid(), None);
    assert!(redis.flushall().await.is_err());
    redis.resume().await.unwrap();

    redis.freeze();
    assert!(redis.flushall().await.is_err());
    redis.thaw();
    redis.ready().await.unwrap();
    redis.stop().await.unwrap();
    forget_outside_files(data.path(), "redis");
}

async fn migrate(url: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let migrator = sqlx::migrate::Migrator::new(folder).await.unwrap();
    let mut owner = PgConnection::connect(url).await.unwrap();
    migrator.run(&mut owner).await.unwrap();
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn one<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Returns when the process is gone; a zombie counts as gone, its parent reaps it.
fn process_is_gone(pid: u32) {
    let cwd = format!("/proc/{pid}/cwd");
    while std::fs::read_link(&cwd).is_ok() {
        std::thread::yield_now();
    }
}

fn mode_of(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files_of(data: &Path, server: &str) -> std::path::PathBuf {
    std::fs::read_to_string(data.join(format!("{server}.location")))
        .map_or_else(|_| data.join(server), |place| place.trim_end().into())
}

/// As root the files of a closed folder lie in `/var/tmp`; a test leaves none there.
fn forget_outside_files(data: &Path, server: &str) {
    std::fs::remove_dir_all(files_of(data, server)).unwrap();
}
