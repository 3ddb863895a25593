//! The closed, typed input of each operation, and the fields of its answer.

use super::directory::Fields;
use super::graphql::Field;
use serde_json::Value;

/// The type of an argument or an input field.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Text,
    Bool,
    Int,
    Enum(&'static str, &'static [&'static str]),
    /// Items must not be null; a single value stands for a list of one.
    List(&'static Type),
    Object(&'static str, &'static [Input]),
}

/// One argument or input field: name, type, and whether it must be there.
pub(super) type Input = (&'static str, Type, bool);

const fn text(name: &'static str) -> Input {
    (name, Type::Text, false)
}

const fn needed(name: &'static str) -> Input {
    (name, Type::Text, true)
}

pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) mutation: bool,
    pub(super) args: &'static [Input],
    /// Whether the answer has fields to select from; `User` or the named ones.
    pub(super) answer: Answer,
}

/// What an operation answers with.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Scalar,
    User,
    Record(&'static [&'static str]),
}

/// Every operation that the sandbox knows.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "accessToken",
        mutation: false,
        args: &[needed("userPoolId"), needed("secret")],
        answer: Answer::Record(&["accessToken", "exp", "iat"]),
    },
    Operation {
        name: "createUser",
        mutation: true,
        args: &[
            ("userInfo", CREATE_USER_INPUT, true),
            text("params"),
            ("identity", CREATE_IDENTITY, false),
            ("keepPassword", Type::Bool, false),
            ("resetPasswordOnFirstLogin", Type::Bool, false),
        ],
        answer: Answer::User,
    },
    Operation {
        name: "isUserExists",
        mutation: false,
        args: &[text("email"), text("phone"), text("username"), text("externalId")],
        answer: Answer::Scalar,
    },
    Operation {
        name: "findUser",
        mutation: false,
        args: &[
            text("email"),
            text("phone"),
            text("username"),
            text("externalId"),
            ("identity", FIND_IDENTITY, false),
        ],
        answer: Answer::User,
    },
    Operation {
        name: "userBatch",
        mutation: false,
        args: &[("ids", Type::List(&Type::Text), true), text("type")],
        answer: Answer::User,
    },
    Operation {
        name: "updateUser",
        mutation: true,
        args: &[
            text("id"),
            ("input", UPDATE_USER_INPUT, true),
            text("emailToken"),
            text("phoneToken"),
        ],
        answer: Answer::User,
    },
    Operation {
        name: "setUdvBatch",
        mutation: true,
        args: &[
            ("targetType", UDF_TARGET_TYPE, true),
            needed("targetId"),
            ("udvList", Type::List(&UDV), false),
        ],
        answer: Answer::Record(CUSTOM_DATA),
    },
    Operation {
        name: "setUdfValueBatch",
        mutation: true,
        args: &[("targetType", UDF_TARGET_TYPE, true), ("input", Type::List(&UDF_VALUE), true)],
        answer: Answer::Record(&["code", "message"]),
    },
];

const UDF_TARGET_TYPE: Type = Type::Enum(
    "UDFTargetType",
    &["NODE", "ORG", "USER", "USERPOOL", "ROLE", "PERMISSION", "APPLICATION"],
);
const UDV: Type = Type::Object("UserDefinedDataInput", &[needed("key"), text("value")]);
const UDF_VALUE: Type =
    Type::Object("SetUdfValueBatchInput", &[needed("targetId"), needed("key"), needed("value")]);
const FIND_IDENTITY: Type =
    Type::Object("FindUserByIdentityInput", &[needed("provider"), needed("userIdInIdp")]);
const CREATE_IDENTITY: Type = Type::Object(
    "CreateUserIdentityInput",
    &[
        needed("provider"),
        needed("userIdInIdp"),
        text("openid"),
        ("isSocial", Type::Bool, false),
        text("connectionId"),
        text("accessToken"),
        text("refreshToken"),
    ],
);

#[rustfmt::skip]
pub(super) const CREATE_USER_INPUT: Type = Type::Object(
    "CreateUserInput",
    &[
        text("username"), text("email"), text("phone"), text("unionid"), text("openid"),
        text("nickname"), text("photo"), text("password"), text("browser"), text("oauth"),
        text("lastLogin"), text("company"), text("lastIP"), text("signedUp"), text("device"),
        text("name"), text("givenName"), text("familyName"), text("middleName"), text("profile"),
        text("preferredUsername"), text("website"), text("gender"), text("birthdate"),
        text("zoneinfo"), text("locale"), text("address"), text("formatted"),
        text("streetAddress"), text("locality"), text("region"), text("postalCode"),
        text("country"), text("externalId"), text("phoneCountryCode"),
        ("emailVerified", Type::Bool, false), ("phoneVerified", Type::Bool, false),
        ("blocked", Type::Bool, false), ("isDeleted", Type::Bool, false),
        ("loginsCount", Type::Int, false), ("registerSource", Type::List(&Type::Text), false),
    ],
);

#[rustfmt::skip]
pub(super) const UPDATE_USER_INPUT: Type = Type::Object(
    "UpdateUserInput",
    &[
        text("username"), text("email"), text("phone"), text("unionid"), text("openid"),
        text("nickname"), text("photo"), text("password"), text("browser"), text("oauth"),
        text("lastLogin"), text("company"), text("lastIP"), text("device"),
        text("name"), text("givenName"), text("familyName"), text("middleName"), text("profile"),
        text("preferredUsername"), text("website"), text("gender"), text("birthdate"),
        text("zoneinfo"), text("locale"), text("address"), text("formatted"),
        text("streetAddress"), text("locality"), text("region"), text("postalCode"),
        text("country"), text("externalId"), text("phoneCountryCode"),
        text("tokenExpiredAt"), text("city"), text("province"), text("mainDepartmentId"),
        text("mainDepartmentCode"), text("expiredAt"), text("directManagement"),
        ("emailVerified", Type::Bool, false), ("phoneVerified", Type::Bool, false),
        ("blocked", Type::Bool, false), ("loginsCount", Type::Int, false),
    ],
);

const CUSTOM_DATA: &[&str] = &["key", "value", "dataType", "label"];

#[rustfmt::skip]
pub(super) const USER: &[&str] = &[
    "id", "arn", "userPoolId", "status", "username", "email", "emailVerified", "phone",
    "phoneVerified", "unionid", "openid", "nickname", "registerSource", "photo", "password",
    "oauth", "token", "tokenExpiredAt", "loginsCount", "lastLogin", "lastIP", "signedUp", "blocked",
    "isDeleted", "device", "browser", "company", "name", "givenName", "familyName", "middleName",
    "profile", "preferredUsername", "website", "gender", "birthdate", "zoneinfo", "locale",
    "address", "formatted", "streetAddress", "locality", "region", "postalCode", "city", "province",
    "country", "createdAt", "updatedAt", "externalId", "phoneCountryCode",
    "expiredAt", "directManagement", "mainDepartmentId", "mainDepartmentCode",
];

/// Checks the arguments of an operation. The error is worded as a GraphQL server words it, the
/// refused value included.
pub(super) fn check_args(args: &Fields, inputs: &[Input]) -> Result<(), String> {
    for name in args.keys() {
        if !inputs.iter().any(|(known, ..)| known == name) {
            return Err(format!("Unknown argument \"{name}\"."));
        }
    }
    for (name, ty, needed) in inputs {
        match args.get(*name) {
            None | Some(Value::Null) if *needed => {
                return Err(format!("Variable \"${name}\" of required type was not provided."));
            }
            None | Some(Value::Null) => {}
            Some(value) => check(name, name, value, *ty)?,
        }
    }
    Ok(())
}

/// Checks one value that is not null.
pub(super) fn check(variable: &str, path: &str, value: &Value, ty: Type) -> Result<(), String> {
    let wrong = |why: String| {
        let at = if path == variable { String::new() } else { format!(" at \"{path}\"") };
        Err(format!("Variable \"${variable}\" got invalid value {value}{at}; {why}"))
    };
    match ty {
        Type::Text if value.is_string() => Ok(()),
        Type::Text => wrong(format!("String cannot represent a non string value: {value}")),
        Type::Bool if value.is_boolean() => Ok(()),
        Type::Bool => wrong(format!("Boolean cannot represent a non boolean value: {value}")),
        Type::Int => match value.as_f64() {
            Some(n) if n.fract() != 0.0 => {
                wrong(format!("Int cannot represent non-integer value: {value}"))
            }
            Some(n) if n.abs() < 2_147_483_648.0 => Ok(()),
            Some(_) => {
                wrong(format!("Int cannot represent non 32-bit signed integer value: {value}"))
            }
            None => wrong(format!("Int cannot represent non-integer value: {value}")),
        },
        Type::Enum(name, words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(()),
            _ => wrong(format!("Value {value} does not exist in \"{name}\" enum.")),
        },
        Type::List(item) => match value {
            Value::Array(items) => items.iter().enumerate().try_for_each(|(at, value)| {
                let path = format!("{path}[{at}]");
                if value.is_null() {
                    return wrong(format!("Expected a value at \"{path}\" not to be null."));
                }
                check(variable, &path, value, *item)
            }),
            single => check(variable, path, single, *item),
        },
        Type::Object(name, inputs) => {
            let Value::Object(fields) = value else {
                return wrong(format!("Expected type \"{name}\" to be an object."));
            };
            if let Some(field) = fields.keys().find(|f| inputs.iter().all(|(i, ..)| i != f)) {
                return wrong(format!("Field \"{field}\" is not defined by type \"{name}\"."));
            }
            for (field, ty, needed) in inputs {
                match fields.get(*field) {
                    None | Some(Value::Null) if *needed => {
                        return wrong(format!(
                            "Field \"{field}\" of required type was not provided."
                        ));
                    }
                    None | Some(Value::Null) => {}
                    Some(value) => check(variable, &format!("{path}.{field}"), value, *ty)?,
                }
            }
            Ok(())
        }
    }
}

/// Checks that a document selects fields that exist.
pub(super) fn check_selection(field: &Field, answer: Answer) -> Result<(), String> {
    let (known, nested): (&[&str], &[(&str, &[&str])]) = match answer {
        Answer::Scalar if field.selection.is_empty() => return Ok(()),
        Answer::Scalar => {
            return Err(format!("Field \"{}\" must not have a selection.", field.name));
        }
        Answer::User => (USER, &[("customData", CUSTOM_DATA), ("identities", &[])]),
        Answer::Record(known) => (known, &[]),
    };
    if field.selection.is_empty() {
        return Err(format!("Field \"{}\" must have a selection of subfields.", field.name));
    }
    for selected in &field.selection {
        let name = selected.name.as_str();
        let fields = nested.iter().find(|(n, _)| *n == name).map(|(_, fields)| *fields);
        if fields.is_none() && !known.contains(&name) && name != "__typename" {
            return Err(format!(
                "Cannot query field \"{name}\" on the type of \"{}\".",
                field.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {

    use super::*;
    use serde_json::json;

    fn refused(user: &Value) -> String {
        check("userInfo", "userInfo", user, CREATE_USER_INPUT).unwrap_err()
    }

    #[test]
    fn a_create_takes_its_types_and_null_for_any() {
        let user = json!({"email": "a", "blocked": true, "loginsCount": 4, "phone": null,
            "registerSource": ["a"], "lastIP": "1.2.3.4"});
        check("userInfo", "userInfo", &user, CREATE_USER_INPUT).unwrap();
        let Type::Object(_, fields) = CREATE_USER_INPUT else { panic!("object") };
        assert_eq!(fields.len(), 41);
    }

    #[test]
    fn a_create_refuses_unknown_keys_and_wrong_types() {
        assert!(refused(&json!({"city": "X"})).contains("\"city\" is not defined by type"));
        assert!(refused(&json!({"loginsCount": "4"})).contains("at \"userInfo.loginsCount\"; Int"));
        assert!(refused(&json!({"loginsCount": 4.5})).contains("non-integer"));
        assert!(refused(&json!({"loginsCount": 2_147_483_648_i64})).contains("32-bit"));
        assert!(refused(&json!({"phone": 123})).contains("non string value: 123"));
        assert!(refused(&json!({"blocked": "true"})).contains("non boolean"));
        assert!(refused(&json!({"registerSource": [null]})).contains("not to be null"));
        assert!(refused(&json!({"registerSource": [1]})).contains("non string"));
        assert!(refused(&json!("text")).contains("to be an object"));
    }

    #[test]
    fn arguments_are_a_closed_list_too() {
        let exists = OPERATIONS.iter().find(|o| o.name == "isUserExists").unwrap();
        let args = |value: Value| value.as_object().unwrap().clone();
        check_args(&args(json!({"email": "a"})), exists.args).unwrap();
        assert!(check_args(&args(json!({"mail": "a"})), exists.args).is_err());
        assert!(check_args(&args(json!({"email": 1})), exists.args).is_err());
        let batch = OPERATIONS.iter().find(|o| o.name == "userBatch").unwrap();
        assert!(check_args(&args(json!({})), batch.args).unwrap_err().contains("\"$ids\""));
    }
}
