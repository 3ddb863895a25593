//! Systems whose columns mean something else than their names say elsewhere, from what their makers document.
//! Data.

use super::synonyms::plain;

/// A system, told by the columns of its export.
#[derive(Debug)]
pub(crate) struct System {
    /// Columns that its export has, all of them.
    marks: &'static [&'static str],
    /// Of these at least one, if there are any.
    one_of: &'static [&'static str],
    /// What columns mean there: the provider's field, or `""` for none.
    columns: &'static [(&'static str, &'static str)],
    /// Columns whose values mean something of their own there.
    readings: &'static [Reading],
    /// The external id of a row that stands for nobody, and for whom it stands, as a person would call them;
    /// empty where there is none.
    nobody: (&'static str, &'static str),
}

/// What the values of a column mean in a system.
#[derive(Debug)]
pub(crate) struct Reading {
    column: &'static str,
    /// The provider's field that it feeds.
    pub(crate) field: &'static str,
    /// What jq makes of a value.
    pub(crate) filter: &'static str,
    /// The word of `as` behind it, if there is one.
    pub(crate) step: Option<&'static str>,
    /// What a person should know.
    pub(crate) note: &'static str,
}

const NONE: (&str, &str) = ("", "");

const SYSTEMS: &[System] = &[
    // `name` is what people sign in with; `login` and `access` are moments, in seconds
    // (core/modules/user/src/Entity/User.php; user_schema() of Drupal 7). `uid` 0 is whoever has not signed in
    // (AnonymousUserSession; user_install()).
    System {
        marks: &["uid", "name", "pass", "mail", "access", "login"],
        one_of: &[],
        columns: &[
            ("name", "username"),
            ("login", "lastLogin"),
            ("access", ""),
            ("langcode", ""),
            ("preferredlangcode", "locale"),
        ],
        readings: &[],
        nobody: ("0", "Drupal's visitors, who have not signed in"),
    },
    // The same where somebody chose columns: `pass` and `mail` are called so nowhere else beside `uid` and `name`.
    System {
        marks: &["uid", "name", "pass", "mail"],
        one_of: &["access", "init", "langcode", "created", "status"],
        columns: &[
            ("name", "username"),
            ("access", ""),
            ("langcode", ""),
            ("preferredlangcode", "locale"),
        ],
        readings: &[],
        nobody: ("0", "Drupal's visitors, who have not signed in"),
    },
    // Discuz, pre_common_member: whether the address was confirmed (https://gitee.com/Discuz/DiscuzX).
    System {
        marks: &["uid", "username", "emailstatus", "groupid"],
        one_of: &[],
        columns: &[("emailstatus", "emailVerified")],
        readings: &[],
        nobody: NONE,
    },
    // inetOrgPerson (RFC 2798, RFC 4519): `uid` is what people sign in with, `l`, `st` and `c` are places.
    // Active Directory has the same names.
    System {
        marks: &["sn"],
        one_of: &["cn", "dn", "objectclass", "entryuuid", "samaccountname", "distinguishedname"],
        columns: &[
            ("uid", "username"),
            ("sn", "familyName"),
            ("l", "locality"),
            ("st", "region"),
            ("c", "country"),
            ("co", "country"),
            ("o", "company"),
        ],
        readings: &[],
        nobody: NONE,
    },
    // `confirmation` holds a token until the address is confirmed (app/code/Magento/Customer/Model/AccountManagement.php:
    // createAccountWithPasswordHash, activateCustomer, and authenticate, which asks whether the shop requires it:
    // customer/create_account/confirm, 0 in etc/config.xml). `gender` is an option of Setup/Patch/Data/
    // DefaultCustomerGroupsAndAttributes.php: Male, Female, Not Specified
    // (https://github.com/magento/magento2).
    System {
        marks: &["isactive", "lockexpires"],
        one_of: &["rptoken", "failuresnum", "firstfailure", "confirmation", "websiteid"],
        columns: &[],
        readings: &[
            Reading {
                column: "confirmation",
                field: "emailVerified",
                filter: "tostring | . == \"\" or ascii_downcase == \"null\"",
                step: None,
                note: "filled until an address is confirmed; empty, too, where the shop did not ask for it \
                       (customer/create_account/confirm, off by default). While it asks, who has not confirmed cannot sign in \
                       there; this line blocks nobody",
            },
            Reading {
                column: "gender",
                field: "gender",
                filter: "if tostring == \"3\" then \"U\" else . end",
                step: Some("gender"),
                note: "3 is \"Not Specified\" in Magento",
            },
        ],
        nobody: NONE,
    },
];

/// Phone numbers that a system keeps as free text: columns that its export has, all of them, and those that
/// hold such numbers. Plain names of whole paths: `profile.login` is `profilelogin`.
const FREE_TEXT: &[(&[&str], &[&str])] = &[
    // Okta's profile has `mobilePhone` and `primaryPhone` as texts of at most 100 characters, with no form that is
    // checked (developer.okta.com/docs/api/openapi/okta-management/management/tag/User/, UserProfile).
    (&["status", "profilelogin"], &["profilemobilephone", "profileprimaryphone"]),
];

/// Of the columns of an export, those that hold phone numbers as free text. Plain names of whole paths.
pub(crate) fn free_phones(names: &[String]) -> &'static [&'static str] {
    let is_there = |mark: &&str| names.iter().any(|name| name == mark);
    let system = FREE_TEXT.iter().find(|(marks, _)| marks.iter().all(is_there));
    system.map_or(&[], |(_, columns)| *columns)
}

/// A column that says of a record that it stands for a visitor, by its plain name; of these columns one more is
/// there; and for whom it stands.
const VISITORS: &[(&str, &[&str], &str)] = &[
    // GoTrue's auth.users: signInAnonymously() makes a row with neither address nor number
    // (https://supabase.com/docs/guides/auth/auth-anonymous).
    (
        "isanonymous",
        &["rawusermetadata", "rawappmetadata"],
        "Supabase's anonymous users, who have not signed up",
    ),
];

/// The column by which records of an export with such columns say that they stand for visitors, as it is
/// written, and for whom they do.
pub(crate) fn visitors<'a>(names: &[&'a str]) -> Option<(&'a str, &'static str)> {
    VISITORS.iter().find_map(|(column, marks, whom)| {
        let found = names.iter().find(|name| plain(name) == **column)?;
        let is_there = names.iter().any(|name| marks.contains(&plain(name).as_str()));
        is_there.then_some((*found, *whom))
    })
}

/// Whether rows of this external id stand for nobody in some system.
pub(crate) fn may_be_nobody(id: &str) -> bool {
    SYSTEMS.iter().any(|system| system.nobody(id).is_some())
}

/// The system whose export has these columns.
pub(crate) fn of_columns(names: &[&str]) -> Option<&'static System> {
    let is_there = |mark: &&str| names.iter().any(|name| plain(name) == **mark);
    SYSTEMS.iter().find(|system| {
        system.marks.iter().all(is_there)
            && (system.one_of.is_empty() || system.one_of.iter().any(is_there))
    })
}

impl System {
    /// The provider's field that a column of a plain name feeds there, or `""` for none. `None`: the name means
    /// what it means elsewhere.
    pub(crate) fn field(&self, name: &str) -> Option<&'static str> {
        self.columns.iter().find(|(column, _)| *column == name).map(|(_, field)| *field)
    }

    /// What the values of a column of a plain name mean there; none where they mean what they mean elsewhere.
    pub(crate) fn reading(&self, name: &str) -> Option<&'static Reading> {
        self.readings.iter().find(|reading| reading.column == name)
    }

    /// For whom a row of this external id stands, if it stands for nobody.
    pub(crate) fn nobody(&self, id: &str) -> Option<&'static str> {
        let (own, whom) = self.nobody;
        (!own.is_empty() && own == id).then_some(whom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_told_by_its_columns_alone() {
        let of = |names: &[&str], column: &str| of_columns(names)?.field(column);
        let drupal = ["uid", "langcode", "name", "pass", "mail", "created", "access", "login"];
        assert_eq!(of(&drupal, "name"), Some("username"));
        assert_eq!(of(&drupal, "access"), Some(""));
        assert_eq!(of(&drupal, "mail"), None);
        assert_eq!(of(&drupal[..7], "name"), Some("username"), "some of its columns");
        assert_eq!(of(&drupal[..7], "login"), None);
        assert_eq!(of(&["uid", "name", "pass", "email", "created"], "name"), None);
        assert_eq!(of(&["dn", "uid", "sn", "l"], "uid"), Some("username"));
        assert_eq!(of(&["uid", "sn"], "uid"), None, "a serial number");
    }
}
