//! The closed list of fields that `createUser` of the V2 API takes (`CreateUserInput`).

use crate::schema::{Field, Fold, Format, Schema, Type};
use crate::user::IdKind;

/// What V2 accepts. 117 bytes are all that a 1,024-bit key carries with PKCS#1 v1.5 padding.
pub const V2: Schema = Schema {
    fields: V2_FIELDS,
    update_only: &["city", "province"],
    phone_country_field: Some("phoneCountryCode"),
    password_field: "password",
    blocked_field: Some("blocked"),
    verified_fields: &[("emailVerified", IdKind::Email), ("phoneVerified", IdKind::Phone)],
    deleted_field: Some("isDeleted"),
    raw_field: Some("oauth"),
    password_bytes_warn: 117,
};

const fn text(name: &'static str) -> Field {
    Field {
        name,
        ty: Type::Text,
        format: Format::Any,
        identifier: None,
        folds: Fold::Exact,
        means: name,
    }
}

const fn date(name: &'static str) -> Field {
    Field {
        name,
        ty: Type::Text,
        format: Format::DateTime,
        identifier: None,
        folds: Fold::Exact,
        means: name,
    }
}

const fn bool(name: &'static str) -> Field {
    Field {
        name,
        ty: Type::Bool,
        format: Format::Any,
        identifier: None,
        folds: Fold::Exact,
        means: name,
    }
}

/// E-mail addresses without regard to case, user names with (AUTHING V2, section 4.4).
const fn identifier(name: &'static str, kind: IdKind, format: Format) -> Field {
    let folds = match kind {
        IdKind::Email => Fold::Case,
        IdKind::ExternalId | IdKind::Phone | IdKind::Username => Fold::Exact,
    };
    Field { name, ty: Type::Text, format, identifier: Some(kind), folds, means: name }
}

const V2_FIELDS: &[Field] = &[
    identifier("externalId", IdKind::ExternalId, Format::Any),
    identifier("email", IdKind::Email, Format::Email),
    identifier("phone", IdKind::Phone, Format::Phone),
    identifier("username", IdKind::Username, Format::Any),
    text("unionid"),
    text("openid"),
    text("nickname"),
    text("photo"),
    text("browser"),
    text("oauth"),
    date("lastLogin"),
    text("company"),
    text("lastIP"),
    date("signedUp"),
    text("device"),
    text("name"),
    text("givenName"),
    text("familyName"),
    text("middleName"),
    text("profile"),
    text("preferredUsername"),
    text("website"),
    Field {
        name: "gender",
        ty: Type::Text,
        format: Format::OneOf(&["M", "F", "U"]),
        identifier: None,
        folds: Fold::Exact,
        means: "gender",
    },
    Field {
        name: "birthdate",
        ty: Type::Text,
        format: Format::Day,
        identifier: None,
        folds: Fold::Exact,
        means: "birthdate",
    },
    text("zoneinfo"),
    text("locale"),
    text("address"),
    text("formatted"),
    text("streetAddress"),
    text("locality"),
    text("region"),
    text("postalCode"),
    text("country"),
    text("phoneCountryCode"),
    bool("emailVerified"),
    bool("phoneVerified"),
    bool("blocked"),
    bool("isDeleted"),
    Field {
        name: "loginsCount",
        ty: Type::Int,
        format: Format::Any,
        identifier: None,
        folds: Fold::Exact,
        means: "loginsCount",
    },
    Field {
        name: "registerSource",
        ty: Type::TextList,
        format: Format::Any,
        identifier: None,
        folds: Fold::Exact,
        means: "registerSource",
    },
];
