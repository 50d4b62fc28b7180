#[tokio::test(flavor = "multi_thread")]
async fn connect_time() {
    use sqlx::Connection as _;
    let began = std::time::Instant::now();
    let stack = e2e::Stack::start().await;
    eprintln!("stack {:?}", began.elapsed());
    for _ in 0..5 {
        let began = std::time::Instant::now();
        let c = sqlx::PgConnection::connect(&stack.postgres.owner_url()).await.unwrap();
        eprintln!("connect {:?}", began.elapsed());
        drop(c);
    }
}
