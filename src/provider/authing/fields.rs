//! The closed list of fields that `createUser` of the V2 API takes (`CreateUserInput`).

use crate::schema::{Compare, Field, Fold, Format, Schema, Type};
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
    Field::new(name, Type::Text)
}

const fn date(name: &'static str) -> Field {
    text(name).of_format(Format::DateTime).returned_as(Some(Compare::Moment))
}

const fn bool(name: &'static str) -> Field {
    Field::new(name, Type::Bool)
}

/// E-mail addresses without regard to case, user names with (AUTHING V2, section 4.4).
const fn identifier(name: &'static str, kind: IdKind, format: Format) -> Field {
    let (folds, compare) = match kind {
        IdKind::Email => (Fold::Case, Compare::Case),
        IdKind::Phone => (Fold::Exact, Compare::Phone),
        IdKind::ExternalId | IdKind::Username => (Fold::Exact, Compare::Same),
    };
    text(name).of_format(format).identifies(kind, folds).returned_as(Some(compare))
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
    text("gender").of_format(Format::OneOf(&["M", "F", "U"])),
    text("birthdate").of_format(Format::Day),
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
    Field::new("loginsCount", Type::Int),
    Field::new("registerSource", Type::TextList),
];
