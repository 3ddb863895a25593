//! The users of the pool and their unique indexes. Pure: no clock, no files, no faults.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A set of fields, by the provider's names.
pub(super) type Fields = Map<String, Value>;

/// What a user is known by. Each value belongs to one user at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identifier {
    Email,
    Phone,
    Username,
    ExternalId,
}

impl Identifier {
    /// In the order in which a create is checked against them.
    pub(super) const ALL: [Self; 4] = [Self::Email, Self::Phone, Self::Username, Self::ExternalId];

    /// The provider's field.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Username => "username",
            Self::ExternalId => "externalId",
        }
    }

    /// The value as the index holds it: e-mail in any case is one, all others are taken as they
    /// are. An empty text identifies nobody.
    fn key(self, text: &str) -> Option<String> {
        match self {
            _ if text.is_empty() => None,
            Self::Email => Some(text.to_lowercase()),
            Self::Phone | Self::Username | Self::ExternalId => Some(text.to_owned()),
        }
    }

    fn key_in(self, fields: &Fields) -> Option<String> {
        fields.get(self.field()).and_then(Value::as_str).and_then(|text| self.key(text))
    }
}

#[derive(Clone, Debug)]
pub(super) struct User {
    /// 24 hexadecimal digits.
    pub(super) id: String,
    /// What was given and what the server added, without null values and without the password.
    pub(super) fields: Fields,
    /// The password as it arrived, decrypted.
    pub(super) password: Option<String>,
    pub(super) custom: Fields,
    /// Lookups find it from then on, Unix milliseconds.
    pub(super) visible_at_ms: i64,
}

impl User {
    /// One field as the API answers it. Passwords never leave this way.
    pub(super) fn field(&self, name: &str, pool: &str) -> Value {
        match name {
            "id" => Value::from(self.id.as_str()),
            "arn" => Value::from(format!("arn:cn:authing:{pool}:user:{}", self.id)),
            "userPoolId" => Value::from(pool),
            "password" => Value::Null,
            _ => self.fields.get(name).cloned().unwrap_or(Value::Null),
        }
    }

    /// The user as it is kept in files: all there is, the password if wanted.
    pub(super) fn record(&self, with_password: bool) -> Value {
        let mut record = Map::new();
        record.insert("id".to_owned(), Value::from(self.id.as_str()));
        record.extend(self.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        if !self.custom.is_empty() {
            record.insert("customData".to_owned(), Value::Object(self.custom.clone()));
        }
        if with_password && let Some(password) = &self.password {
            record.insert("password".to_owned(), Value::from(password.as_str()));
        }
        Value::Object(record)
    }
}

/// All users of the pool.
#[derive(Default)]
pub(super) struct Directory {
    users: Vec<User>,
    by_id: HashMap<String, usize>,
    indexes: [HashMap<String, usize>; 4],
    last_number: u64,
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    /// The id that the next user gets.
    pub(super) fn next_id(&self) -> String {
        format!("{ID_PREFIX}{:016x}", self.last_number + 1)
    }

    /// The first identifier of `fields` that belongs to a user other than `except`.
    pub(super) fn taken(&self, fields: &Fields, except: Option<&str>) -> Option<Identifier> {
        Identifier::ALL.into_iter().find(|&identifier| {
            let holder = identifier.key_in(fields).and_then(|key| self.position(identifier, &key));
            holder.is_some_and(|position| Some(self.users[position].id.as_str()) != except)
        })
    }

    /// Whether the directory knows this very user: by the external id if there is one, else by
    /// e-mail, phone or username.
    pub(super) fn holds(&self, fields: &Fields) -> bool {
        use Identifier::{Email, ExternalId, Phone, Username};
        [ExternalId, Email, Phone, Username]
            .into_iter()
            .find_map(|identifier| Some((identifier, identifier.key_in(fields)?)))
            .is_some_and(|(identifier, key)| self.position(identifier, &key).is_some())
    }

    /// Adds a user whose identifiers are free.
    pub(super) fn insert(&mut self, user: User) -> Result<(), Refused> {
        if self.by_id.contains_key(&user.id) {
            return Err(Refused::IdTaken);
        }
        if let Some(identifier) = self.taken(&user.fields, None) {
            return Err(Refused::Taken(identifier));
        }
        let position = self.users.len();
        self.index(position, &user.fields);
        self.by_id.insert(user.id.clone(), position);
        let number = user.id.get(ID_PREFIX.len()..).map(|digits| u64::from_str_radix(digits, 16));
        if let Some(Ok(number)) = number
            && user.id.starts_with(ID_PREFIX)
        {
            self.last_number = self.last_number.max(number);
        }
        self.users.push(user);
        Ok(())
    }

    /// Changes fields of a user; null removes one. Identifiers that are taken change nothing.
    pub(super) fn update(&mut self, id: &str, change: Change) -> Result<&User, Refused> {
        let position = *self.by_id.get(id).ok_or(Refused::Nobody)?;
        if let Some(identifier) = self.taken(&change.fields, Some(id)) {
            return Err(Refused::Taken(identifier));
        }
        for (index, identifier) in self.indexes.iter_mut().zip(Identifier::ALL) {
            if change.fields.contains_key(identifier.field())
                && let Some(key) = identifier.key_in(&self.users[position].fields)
            {
                index.remove(&key);
            }
        }
        self.index(position, &change.fields);
        let user = &mut self.users[position];
        for (name, value) in change.fields {
            if value.is_null() {
                user.fields.shift_remove(&name);
            } else {
                user.fields.insert(name, value);
            }
        }
        if change.password.is_some() {
            user.password = change.password;
        }
        user.custom.extend(change.custom);
        Ok(user)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&User> {
        self.by_id.get(id).map(|&position| &self.users[position])
    }

    pub(super) fn find(&self, identifier: Identifier, text: &str) -> Option<&User> {
        let key = identifier.key(text)?;
        self.position(identifier, &key).map(|position| &self.users[position])
    }

    fn position(&self, identifier: Identifier, key: &str) -> Option<usize> {
        self.indexes[identifier as usize].get(key).copied()
    }

    fn index(&mut self, position: usize, fields: &Fields) {
        for (index, identifier) in self.indexes.iter_mut().zip(Identifier::ALL) {
            if let Some(key) = identifier.key_in(fields) {
                index.insert(key, position);
            }
        }
    }
}

const ID_PREFIX: &str = "5fae0000";

#[derive(Default)]
pub(super) struct Change {
    pub(super) fields: Fields,
    pub(super) password: Option<String>,
    pub(super) custom: Fields,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Nobody,
    IdTaken,
    Taken(Identifier),
}

/// What the server adds to a new user, and the one form in which it keeps an e-mail.
pub(super) fn complete(given: Fields, now: &str) -> Fields {
    let mut fields: Fields = given.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if let Some(Value::String(email)) = fields.get_mut("email") {
        *email = email.to_lowercase();
    }
    let defaults = [
        ("status", json!("Activated")),
        ("gender", json!("U")),
        ("loginsCount", json!(0)),
        ("emailVerified", json!(false)),
        ("phoneVerified", json!(false)),
        ("blocked", json!(false)),
        ("isDeleted", json!(false)),
        ("registerSource", json!(["unknown"])),
        ("photo", json!("https://files.example.invalid/default.png")),
        ("signedUp", json!(now)),
        ("createdAt", json!(now)),
        ("updatedAt", json!(now)),
    ];
    for (name, value) in defaults {
        fields.entry(name).or_insert(value);
    }
    fields
}

#[cfg(test)]
mod tests {

    use super::*;

    fn fields(value: Value) -> Fields {
        let Value::Object(fields) = value else { panic!("fields are an object") };
        fields
    }

    fn add(directory: &mut Directory, value: Value) -> Result<(), Refused> {
        let fields = complete(fields(value), "2026-01-01T00:00:00.000Z");
        let id = directory.next_id();
        directory.insert(User { id, fields, password: None, custom: Map::new(), visible_at_ms: 0 })
    }

    #[test]
    fn email_is_unique_in_any_case_and_kept_in_lower_case() {
        let mut directory = Directory::default();
        add(&mut directory, json!({"email": "Ä.B@Example.com"})).unwrap();
        let user = directory.find(Identifier::Email, "ä.b@EXAMPLE.com").unwrap();
        assert_eq!(user.fields["email"], "ä.b@example.com");
        let again = fields(json!({"email": "ä.B@example.COM"}));
        assert_eq!(directory.taken(&again, None), Some(Identifier::Email));
        assert!(add(&mut directory, json!({"email": "Ä.b@example.com"})).is_err());
        assert_eq!(directory.len(), 1);
    }

    #[test]
    fn phone_username_and_external_id_are_unique_as_they_are_written() {
        let mut directory = Directory::default();
        add(&mut directory, json!({"phone": "1", "username": "Ann", "externalId": "x"})).unwrap();
        for (value, taken) in [
            (json!({"phone": "1"}), Some(Identifier::Phone)),
            (json!({"username": "Ann"}), Some(Identifier::Username)),
            (json!({"externalId": "x"}), Some(Identifier::ExternalId)),
            (json!({"username": "ann", "externalId": "X", "phone": "01"}), None),
            (json!({"username": "", "phone": ""}), None),
        ] {
            assert_eq!(directory.taken(&fields(value.clone()), None), taken, "{value}");
        }
    }

    #[test]
    fn held_asks_for_the_external_id_first() {
        let mut directory = Directory::default();
        add(&mut directory, json!({"externalId": "1", "email": "a@x"})).unwrap();
        assert!(directory.holds(&fields(json!({"externalId": "1", "email": "new@x"}))));
        assert!(!directory.holds(&fields(json!({"externalId": "2", "email": "a@x"}))));
        assert!(directory.holds(&fields(json!({"email": "A@x"}))));
        assert!(!directory.holds(&fields(json!({}))));
    }

    #[test]
    fn an_update_moves_its_identifiers_and_takes_no_others() {
        let mut directory = Directory::default();
        add(&mut directory, json!({"email": "a@x", "nickname": "a"})).unwrap();
        add(&mut directory, json!({"email": "b@x"})).unwrap();
        let id = directory.find(Identifier::Email, "a@x").unwrap().id.clone();
        let change = |value: Value| Change { fields: fields(value), ..Change::default() };
        let taken = directory.update(&id, change(json!({"email": "B@x"}))).unwrap_err();
        assert_eq!(taken, Refused::Taken(Identifier::Email));
        directory.update(&id, change(json!({"email": "c@x", "nickname": null}))).unwrap();
        assert!(directory.find(Identifier::Email, "a@x").is_none());
        let user = directory.find(Identifier::Email, "c@x").unwrap();
        assert!(!user.fields.contains_key("nickname"));
        directory.update(&id, change(json!({"email": "c@x"}))).unwrap();
        assert_eq!(directory.update("none", Change::default()).unwrap_err(), Refused::Nobody);
    }

    #[test]
    fn ids_go_on_after_users_that_were_read_back() {
        let mut directory = Directory::default();
        add(&mut directory, json!({"email": "a@x"})).unwrap();
        let saved: Vec<User> = directory.iter().cloned().collect();
        let mut again = Directory::default();
        for user in saved {
            again.insert(user).unwrap();
        }
        assert_eq!(again.next_id(), directory.next_id());
        assert_eq!(again.next_id().len(), 24);
    }
}
