//! A plain HTTP client of the sandbox, and its log as the oracle.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::path::PathBuf;
use tempfile::TempDir;
use userferry::sandbox::{Sandbox, Settings};

pub(crate) const POOL: &str = "5f0000000000000000000001";

/// A started sandbox with its log, and a client that has a token.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) log: PathBuf,
    /// Holds the log.
    _dir: TempDir,
}

/// What a client of the API sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The code of a GraphQL error.
    pub(crate) fn code(&self) -> Option<i64> {
        self.json()["errors"][0]["message"]["code"].as_i64()
    }
}

pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

pub(crate) fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings { port: 0, ..Settings::default() };
    change(&mut settings);
    settings
}

impl Rig {
    pub(crate) async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut settings = settings(change);
        settings.log.get_or_insert_with(|| log.clone());
        let sandbox = Sandbox::start(settings).await.unwrap();
        let client = Client::new(sandbox.url()).await;
        Self { sandbox, client, log, _dir: dir }
    }

    /// The log, from the first request after the client's token on.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The last line of the log.
    pub(crate) fn last(&self) -> Value {
        self.log().pop().unwrap()
    }
}

impl Client {
    /// A client with a token, if it gets one.
    pub(crate) async fn new(url: String) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let mut client = Self { http, url, token: String::new() };
        client.token = client.fetch_token("sandbox-secret").await.unwrap_or_default();
        client
    }

    pub(crate) async fn fetch_token(&self, secret: &str) -> Option<String> {
        let variables = json!({"userPoolId": POOL, "secret": secret});
        let query = "query accessToken($userPoolId: String!, $secret: String!) { \
            accessToken(userPoolId: $userPoolId, secret: $secret) { accessToken exp iat } }";
        let seen = self.graphql(query, variables).await.ok()?;
        seen.json()["data"]["accessToken"]["accessToken"].as_str().map(str::to_owned)
    }

    pub(crate) async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<Seen, reqwest::Error> {
        let reply = request.send().await?;
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        Ok(Seen { status, headers, text: reply.text().await? })
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.http
            .request(method, format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("x-authing-userpool-id", POOL)
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Seen, reqwest::Error> {
        self.send(self.request("POST", path).body(body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(self.request("GET", path)).await.unwrap()
    }

    pub(crate) async fn graphql(
        &self,
        query: &str,
        variables: Value,
    ) -> Result<Seen, reqwest::Error> {
        self.post("/graphql/v2", &json!({"query": query, "variables": variables})).await
    }

    pub(crate) async fn try_create(&self, user: Value) -> Result<Seen, reqwest::Error> {
        let query = "mutation createUser($userInfo: CreateUserInput!, $keepPassword: Boolean) { \
            createUser(userInfo: $userInfo, keepPassword: $keepPassword) { \
            id email phone username externalId password signedUp status loginsCount } }";
        self.graphql(query, json!({"userInfo": user, "keepPassword": true})).await
    }

    pub(crate) async fn create(&self, user: Value) -> Seen {
        self.try_create(user).await.unwrap()
    }

    pub(crate) async fn exists(&self, by: Value) -> Seen {
        let query = "query isUserExists($email: String, $phone: String, $username: String, \
            $externalId: String) { isUserExists(email: $email, phone: $phone, \
            username: $username, externalId: $externalId) }";
        self.graphql(query, by).await.unwrap()
    }

    pub(crate) async fn exists_or_broken(&self) -> Result<Seen, reqwest::Error> {
        let query = "{ isUserExists(email: \"a@x.org\") }";
        self.graphql(query, json!({})).await
    }

    pub(crate) async fn find(&self, by: Value) -> Seen {
        let query = "query findUser($email: String, $phone: String, $username: String, \
            $externalId: String) { findUser(email: $email, phone: $phone, username: $username, \
            externalId: $externalId) { id email nickname externalId \
            customData { key value } } }";
        self.graphql(query, by).await.unwrap()
    }

    /// Changes knobs and switches.
    pub(crate) async fn faults(&self, change: Value) -> Seen {
        self.post("/__sandbox/faults", &change).await.unwrap()
    }

    pub(crate) async fn public_key(&self) -> String {
        let seen = self.get("/api/v2/.well-known").await;
        seen.json()["data"]["publicKey"].as_str().unwrap().to_owned()
    }

    /// A password under the sandbox's present key.
    pub(crate) async fn seal(&self, password: &str) -> String {
        seal(&self.public_key().await, password)
    }
}

/// RSA PKCS#1 v1.5 and base64, as the API wants a password.
pub(crate) fn seal(pem: &str, password: &str) -> String {
    let key = rsa::PublicKey::from_public_key_pem(pem).unwrap();
    let sealed = key.encrypt(&mut Padding, rsa::Pkcs1v15Encrypt, password.as_bytes()).unwrap();
    STANDARD.encode(sealed)
}

/// Randomness for the padding; nothing in a test is secret.
struct Padding;

impl TryRng for Padding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(fastrand::u32(..))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(fastrand::u64(..))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fastrand::fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Padding {}
