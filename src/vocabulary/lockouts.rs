//! Systems that define themselves which of their columns say who may not sign in: known by the set of
//! their columns, and what each value means. Data, from what the vendors document.
//!
//! Names stand here as [`super::synonyms::plain`] makes them of a whole path: `profile.login` is
//! `profilelogin`.

/// A system and its columns.
#[derive(Debug)]
pub(crate) struct System {
    /// As a person would call it.
    pub(crate) name: &'static str,
    /// Of each list one column must be there. Together they are columns that nobody else's table has:
    /// what the values of a system mean is not true of a table of one's own.
    marks: &'static [&'static [&'static str]],
    /// The columns that say it. Any of them shuts out.
    pub(crate) says: &'static [Says],
    /// Columns that only explain what these say, or say nothing though they are called so.
    pub(crate) beside: &'static [&'static str],
    /// What a person should know.
    pub(crate) note: &'static str,
}

/// A column that says who may not sign in.
#[derive(Debug)]
pub(crate) struct Says {
    pub(crate) column: &'static str,
    pub(crate) reading: Reading,
    /// Only where this column, if it is there, is true.
    pub(crate) only_if: Option<&'static str>,
}

/// What the values of a column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Words, in lower case, and whether they shut out. `""` stands for no value.
    Words(&'static [(&'static str, bool)]),
    /// A truth value: whether true shuts out, and what no value means, if it means something.
    Truth { blocks: bool, none: Option<bool> },
    /// Shut out where there is a time.
    Since,
    /// Shut out up to this time; and whether no time is for ever.
    Until { none: bool },
    /// Shut out from this time on, in Windows' 100 nanoseconds since 1601; 0 and the largest are never.
    Expires,
    /// Bit 2 of a number.
    Bit,
    /// Numbers of groups: these shut out, and no group does not.
    Groups(&'static [&'static str]),
}

impl Reading {
    /// Whether it depends on when it is asked.
    pub(crate) fn has_clock(self) -> bool {
        matches!(self, Self::Until { .. } | Self::Expires)
    }
}

const fn says(column: &'static str, reading: Reading) -> Says {
    Says { column, reading, only_if: None }
}

const MAY_NOT: Reading = Reading::Truth { blocks: true, none: Some(false) };
const UNTIL: Reading = Reading::Until { none: false };

#[rustfmt::skip]
pub(crate) const SYSTEMS: &[System] = &[
    // learn.microsoft.com/dotnet/api/microsoft.aspnetcore.identity.identityuser-1.lockoutend: "A value in the past means the
    // user is not locked out"; …lockoutenabled: "a flag indicating if the user could be locked out".
    System {
        name: "ASP.NET Identity",
        marks: &[&["securitystamp"], &["passwordhash"], &["lockoutend", "lockoutenddateutc"]],
        says: &[
            Says { column: "lockoutend", reading: UNTIL, only_if: Some("lockoutenabled") },
            Says { column: "lockoutenddateutc", reading: UNTIL, only_if: Some("lockoutenabled") },
        ],
        beside: &[],
        note: "",
    },
    // supabase.com/docs/reference/javascript/auth-admin-updateuserbyid (ban_duration), …/auth-admin-deleteuser (deleted_at).
    System {
        name: "Supabase Auth",
        marks: &[&["banneduntil"], &["rawusermetadata", "rawappmetadata", "instanceid", "aud", "isssouser"]],
        says: &[says("banneduntil", UNTIL), says("deletedat", Reading::Since)],
        beside: &[],
        note: "",
    },
    // learn.microsoft.com/windows/win32/adschema/a-accountexpires; learn.microsoft.com/troubleshoot/windows-server/
    // active-directory/useraccountcontrol-manipulate-account-properties (ACCOUNTDISABLE is 0x2).
    System {
        name: "Active Directory",
        marks: &[&["useraccountcontrol"], &["samaccountname", "userprincipalname", "objectguid", "objectsid", "distinguishedname", "dn"]],
        says: &[says("useraccountcontrol", Reading::Bit), says("accountexpires", Reading::Expires)],
        beside: &[],
        note: "bit 2 (ACCOUNTDISABLE) is set",
    },
    // access.redhat.com, Red Hat Directory Server, "Inactivating Users and Roles"; freeipa.org, user-disable.
    System {
        name: "389 Directory Server or FreeIPA",
        marks: &[&["nsaccountlock"], &["uid", "dn", "cn", "ipauniqueid", "nsuniqueid", "objectclass"]],
        says: &[says("nsaccountlock", MAY_NOT)],
        beside: &[],
        note: "",
    },
    // slapo-ppolicy(5): the time that the account was locked; 000001010000Z is for ever.
    System {
        name: "OpenLDAP's password policy",
        marks: &[&["pwdaccountlockedtime"], &["uid", "dn", "cn", "entryuuid", "objectclass"]],
        says: &[says("pwdaccountlockedtime", Reading::Since)],
        beside: &[],
        note: "where the policy has a pwdLockoutDuration, a lock ends after it, and the time stays until the next sign-in",
    },
    // developer.okta.com/docs/reference/api/users, "User status". Only ACTIVE, PASSWORD_EXPIRED and RECOVERY have a
    // password to come in with; LOCKED_OUT must be unlocked first.
    System {
        name: "Okta",
        marks: &[
            &["status"],
            &["profilelogin"],
            &["statuschanged", "passwordchanged", "realmid", "credentialsprovidertype", "credentialsprovidername", "profilesecondemail"],
        ],
        says: &[says("status", Reading::Words(&[
            ("active", false), ("password_expired", false), ("recovery", false), ("locked_out", true), ("staged", true),
            ("provisioned", true), ("suspended", true), ("deprovisioned", true),
        ]))],
        beside: &[],
        note: "staged and provisioned ones have not been activated: if they may sign in, write false for them",
    },
    // docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html; ARCHIVED and COMPROMISED
    // stand in its list of valid values, and in the SDKs with their meaning.
    System {
        name: "Cognito",
        marks: &[&["enabled"], &["userstatus"], &["usercreatedate", "userlastmodifieddate"]],
        says: &[
            says("enabled", Reading::Truth { blocks: false, none: None }),
            says("userstatus", Reading::Words(&[
                ("confirmed", false), ("external_provider", false), ("reset_required", false), ("force_change_password", false),
                ("unconfirmed", true), ("archived", true), ("compromised", true),
            ])),
        ],
        beside: &[],
        note: "unconfirmed ones must confirm their address first: if they may sign in, write false for them",
    },
    // developer.wordpress.org/reference/functions/wp_authenticate_spam_check, …/get_user_details.
    System {
        name: "WordPress multisite",
        marks: &[&["userlogin"], &["userpass"], &["spam"], &["deleted"]],
        says: &[says("spam", MAY_NOT), says("deleted", MAY_NOT)],
        beside: &["userstatus"],
        note: "",
    },
    // developer.wordpress.org/reference/classes/wp_user: of a single site nothing says it; user_status is not used.
    System {
        name: "WordPress",
        marks: &[&["userlogin"], &["userpass", "useremail"], &["usernicename", "useractivationkey", "userregistered"]],
        says: &[],
        beside: &["userstatus"],
        note: "",
    },
    // api.drupal.org, user_schema() and User::baseFieldDefinitions(): "Whether the user is active or blocked."
    System {
        name: "Drupal",
        marks: &[
            &["uid"], &["pass"], &["status"],
            &["preferredlangcode", "preferredadminlangcode", "signatureformat"],
        ],
        says: &[says("status", Reading::Truth { blocks: false, none: None })],
        beside: &[],
        note: "",
    },
    // rubydoc.info/github/heartcombo/devise, Devise::Models::Lockable.
    System {
        name: "Devise",
        marks: &[&["encryptedpassword"], &["lockedat"], &["resetpasswordtoken", "remembercreatedat", "signincount", "failedattempts", "unlocktoken"]],
        says: &[says("lockedat", Reading::Since)],
        beside: &[],
        note: "with unlock_strategy time or both, a lock ends after unlock_in, and the time stays until the next sign-in",
    },
    // directus.io/docs/guides/auth/creating-users: only Active users can sign in.
    System {
        name: "Directus",
        marks: &[&["status"], &["tfasecret"], &["lastpage"], &["lastaccess", "authdata", "externalidentifier"]],
        says: &[says("status", Reading::Words(&[
            ("active", false), ("draft", true), ("invited", true), ("unverified", true), ("suspended", true), ("archived", true),
        ]))],
        beside: &[],
        note: "draft, invited and unverified ones cannot sign in yet: if they may, write false for them",
    },
    // Magento 2, Customer/etc/db_schema.xml (is_active "Is Active", lock_expires "Lock Expiration Date") and
    // Customer/Model/Authentication.php, isLocked.
    System {
        name: "Magento",
        marks: &[&["isactive"], &["lockexpires"], &["rptoken", "failuresnum", "firstfailure"]],
        says: &[says("isactive", Reading::Truth { blocks: false, none: None }), says("lockexpires", UNTIL)],
        beside: &[],
        note: "",
    },
    // better-auth.com/docs/plugins/admin: "banned", "banReason", "banExpires"; a ban whose end is past is lifted.
    System {
        name: "better-auth",
        marks: &[&["banned"], &["banexpires"], &["emailverified"]],
        says: &[Says { column: "banexpires", reading: Reading::Until { none: true }, only_if: Some("banned") }],
        beside: &["banreason"],
        note: "",
    },
    // Discuz! X, discuz_application.php: status -1 is user_banned, and so is who is in a group that may not visit: 5 (禁止访问)
    // and 6 (禁止 IP). 4 (禁止发言) may sign in. Who is only in UCenter has no row there, and so nothing that shuts out.
    System {
        name: "Discuz",
        marks: &[&["uid"], &["groupid"], &["status"], &["avatarstatus", "videophotostatus", "conisbind"]],
        says: &[
            says("status", Reading::Words(&[("0", false), ("-1", true), ("", false), ("null", false)])),
            says("groupid", Reading::Groups(&["5", "6"])),
        ],
        beside: &[],
        note: "groups 5 and 6 may not visit; 4 may, but not write",
    },
];

/// The systems that have such columns, by their plain names.
pub(crate) fn of(names: &[String]) -> impl Iterator<Item = &'static System> {
    let has = |name: &&str| names.iter().any(|other| other == *name);
    SYSTEMS.iter().filter(move |system| system.marks.iter().all(|marks| marks.iter().any(has)))
}
