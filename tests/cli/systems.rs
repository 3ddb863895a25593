//! `init --from` on the exports of systems that many people leave: what each is to be mapped to, by hand from what
//! its makers document. The passwords and who may not sign in have tests of their own.

use super::Desk;

/// A system: the file, its header (CSV) or nothing (JSON Lines), and what a record is. `{n}` is a number from
/// 10 to 39, `{d}` a day from 01 to 28.
struct System {
    name: &'static str,
    /// Where the columns are documented.
    source: &'static str,
    header: &'static str,
    record: &'static str,
    expected: &'static [&'static str],
}

const SYSTEMS: &[System] = &[
    System {
        name: "auth0.jsonl",
        source: "https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure",
        header: "",
        record: r#"{"user_id":"auth0|65{n}","email":"u{n}@example.com","email_verified":true,"username":"u{n}","phone_number":"+141555501{n}","phone_verified":false,"name":"Ada {n}","given_name":"Ada","family_name":"Amsel","nickname":"ada{n}","picture":"https://example.com/{n}.png","created_at":"2024-01-{d}T10:15:00.000Z","updated_at":"2024-02-{d}T10:15:00.000Z","last_login":"2024-03-{d}T10:15:00.000Z","last_ip":"192.0.2.{n}","logins_count":{n},"last_password_reset":"2024-01-{d}T11:15:00.000Z","identities":[{"user_id":"65{n}","provider":"auth0","connection":"Username-Password-Authentication","isSocial":false}],"user_metadata":{},"app_metadata":{"plan":"free"}}"#,
        expected: &[
            r#"externalId = "user_id""#,
            r#"email = "email""#,
            r#"phone = { from = "phone_number", as = "phone" }"#,
            r#"username = "username""#,
            r#"nickname = "nickname""#,
            r#"emailVerified = "email_verified""#,
            r#"phoneVerified = "phone_verified""#,
            r#"loginsCount = "logins_count""#,
            r#"photo = "picture""#,
            r#"lastLogin = "last_login""#,
            r#"lastIP = "last_ip""#,
            r#"signedUp = "created_at""#,
            r#"name = "name""#,
            r#"givenName = "given_name""#,
            r#"familyName = "family_name""#,
        ],
    },
    System {
        name: "okta.jsonl",
        source: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/",
        header: "",
        record: r#"{"id":"00u1{n}","status":"ACTIVE","created":"2024-01-{d}T10:15:00.000Z","activated":"2024-01-{d}T10:16:00.000Z","statusChanged":null,"lastLogin":"2024-03-{d}T10:15:00.000Z","lastUpdated":"2024-02-{d}T10:15:00.000Z","passwordChanged":null,"type":{"id":"oty1"},"profile":{"firstName":"Ada","lastName":"Amsel","middleName":"B","displayName":"Ada Amsel {n}","nickName":null,"login":"ada{n}@example.com","email":"u{n}@example.com","secondEmail":"x{n}@example.net","mobilePhone":"+141555501{n}","primaryPhone":null,"streetAddress":"1 Main St","city":"Springfield","state":"IL","zipCode":"62701","countryCode":"US","preferredLanguage":"en","locale":"en_US","timezone":"America/Chicago","organization":"Example","profileUrl":null,"employeeNumber":"{n}"},"credentials":{"password":{},"emails":[{"value":"u{n}@example.com","status":"VERIFIED","type":"PRIMARY"}],"provider":{"type":"OKTA","name":"OKTA"}},"_links":{"self":{"href":"https://example.okta.com/api/v1/users/00u1{n}"}}}"#,
        expected: &[
            r#"externalId = "id""#,
            r#"email = "profile.email""#,
            r#"phone = { from = "profile.mobilePhone", as = "phone", on_error = "omit" }"#,
            r#"username = "profile.login""#,
            r#"nickname = "profile.displayName""#,
            r#"emailVerified = { jq = '.profile.email as $email | any(.credentials.emails[]?; .value == $email and .status == "VERIFIED")' }"#,
            r#"lastLogin = "lastLogin""#,
            r#"company = "profile.organization""#,
            r#"signedUp = "created""#,
            r#"givenName = "profile.firstName""#,
            r#"familyName = "profile.lastName""#,
            r#"middleName = "profile.middleName""#,
            r#"zoneinfo = "profile.timezone""#,
            r#"locale = "profile.locale""#,
            r#"streetAddress = "profile.streetAddress""#,
            r#"locality = "profile.city""#,
            r#"region = "profile.state""#,
            r#"postalCode = "profile.zipCode""#,
            r#"country = "profile.countryCode""#,
        ],
    },
    System {
        name: "okta.csv",
        source: "https://help.okta.com/en-us/content/topics/users-groups-profiles/usgp-import-users-csv.htm",
        header: "login,firstName,lastName,middleName,honorificPrefix,honorificSuffix,email,title,displayName,nickName,profileUrl,secondEmail,mobilePhone,primaryPhone,streetAddress,city,state,zipCode,countryCode,postalAddress,preferredLanguage,locale,timezone,userType,employeeNumber,costCenter,organization,division,department,managerId,manager",
        record: "ada{n}@example.com,Ada,Amsel,,,,u{n}@example.com,Engineer,Ada Amsel {n},,,,+1 415 555 01{n},,1 Main St,Springfield,IL,62701,US,,en,en_US,America/Chicago,,,,Example,,R&D,,",
        expected: &[
            r#"email = "email""#,
            r#"phone = { from = "mobilePhone", as = "phone" }"#,
            r#"username = "login""#,
            r#"nickname = "displayName""#,
            r#"company = "organization""#,
            r#"givenName = "firstName""#,
            r#"familyName = "lastName""#,
            r#"zoneinfo = "timezone""#,
            r#"locale = "locale""#,
            r#"streetAddress = "streetAddress""#,
            r#"locality = "city""#,
            r#"region = "state""#,
            r#"postalCode = "zipCode""#,
            r#"country = "countryCode""#,
        ],
    },
    System {
        name: "ldap.csv",
        source: "https://www.rfc-editor.org/rfc/rfc2798 (inetOrgPerson), rfc4519, rfc4530 (entryUUID)",
        header: "dn,objectClass,uid,cn,sn,givenName,displayName,mail,telephoneNumber,mobile,entryUUID,userPassword,createTimestamp,o,ou,title,l,st,postalCode,preferredLanguage,employeeNumber",
        record: "\"uid=u{n},ou=people,dc=example,dc=com\",inetOrgPerson,u{n},Ada Amsel {n},Amsel,Ada,Ada {n},u{n}@example.com,+1 415 555 02{n},+1 415 555 01{n},0a0a0a0a-0000-4000-8000-0000000000{n},,202401{d}101500Z,Example,people,Engineer,Springfield,IL,62701,en,7{n}",
        expected: &[
            r#"externalId = "entryUUID""#,
            r#"email = "mail""#,
            r#"phone = { from = "mobile", as = "phone" }"#,
            r#"username = "uid""#,
            r#"nickname = "displayName""#,
            r#"company = "o""#,
            r#"signedUp = { from = "createTimestamp", as = "date" }"#,
            r#"name = "cn""#,
            r#"givenName = "givenName""#,
            r#"familyName = "sn""#,
            r#"locale = "preferredLanguage""#,
            r#"locality = "l""#,
            r#"region = "st""#,
            r#"postalCode = "postalCode""#,
        ],
    },
    System {
        name: "ad.csv",
        source: "https://learn.microsoft.com/windows/win32/adschema/c-user, csvde",
        header: "DN,objectClass,cn,sn,title,telephoneNumber,givenName,whenCreated,whenChanged,displayName,co,department,company,streetAddress,name,objectGUID,userAccountControl,badPwdCount,pwdLastSet,accountExpires,logonCount,sAMAccountName,userPrincipalName,lastLogonTimestamp,mail,mobile,l,st,postalCode",
        record: "\"CN=Ada {n},OU=People,DC=example,DC=com\",user,Ada Amsel {n},Amsel,Engineer,+1 415 555 02{n},Ada,202401{d}101500.0Z,202402{d}101500.0Z,Ada {n},United States,R&D,Example,1 Main St,Ada Amsel {n},0a0a0a0a-0000-4000-8000-0000000000{n},512,0,133511697000000000,9223372036854775807,{n},ada{n},ada{n}@example.com,1335116970000000{n},u{n}@example.com,+1 415 555 01{n},Springfield,IL,62701",
        expected: &[
            r#"externalId = "objectGUID""#,
            r#"email = "mail""#,
            r#"phone = { from = "mobile", as = "phone" }"#,
            r#"username = "sAMAccountName""#,
            r#"nickname = "displayName""#,
            r#"loginsCount = { from = "logonCount", as = "int" }"#,
            r#"lastLogin = { from = "lastLogonTimestamp", as = "date" }"#,
            r#"company = "company""#,
            r#"signedUp = { from = "whenCreated", as = "date" }"#,
            r#"name = "name""#,
            r#"givenName = "givenName""#,
            r#"familyName = "sn""#,
            r#"streetAddress = "streetAddress""#,
            r#"locality = "l""#,
            r#"region = "st""#,
            r#"postalCode = "postalCode""#,
            r#"country = "co""#,
        ],
    },
    System {
        name: "get-aduser.csv",
        source: "https://learn.microsoft.com/powershell/module/activedirectory/get-aduser, Export-Csv",
        header: "DistinguishedName,Enabled,GivenName,Name,ObjectClass,ObjectGUID,SamAccountName,SID,Surname,UserPrincipalName,EmailAddress,OfficePhone,MobilePhone,Created,LastLogonDate,City,State,Country,PostalCode,StreetAddress,Company",
        record: "\"CN=Ada {n},DC=example,DC=com\",True,Ada,Ada Amsel {n},user,0a0a0a0a-0000-4000-8000-0000000000{n},ada{n},S-1-5-21-1-2-3-11{n},Amsel,ada{n}@example.com,u{n}@example.com,+1 415 555 02{n},+1 415 555 01{n},1/{d}/2024 10:15:00 AM,3/{d}/2024 8:05:00 PM,Springfield,IL,US,62701,1 Main St,Example",
        expected: &[
            r#"externalId = "ObjectGUID""#,
            r#"email = "EmailAddress""#,
            r#"phone = { from = "MobilePhone", as = "phone" }"#,
            r#"username = "SamAccountName""#,
            r#"lastLogin = { from = "LastLogonDate", as = "date", format = "%m/%d/%Y %I:%M:%S %p" }"#,
            r#"company = "Company""#,
            r#"signedUp = { from = "Created", as = "date", format = "%m/%d/%Y %I:%M:%S %p" }"#,
            r#"name = "Name""#,
            r#"givenName = "GivenName""#,
            r#"familyName = "Surname""#,
            r#"streetAddress = "StreetAddress""#,
            r#"locality = "City""#,
            r#"region = "State""#,
            r#"postalCode = "PostalCode""#,
            r#"country = "Country""#,
        ],
    },
    System {
        name: "django.csv",
        source: "https://docs.djangoproject.com/en/stable/ref/contrib/auth/#user-model",
        header: "id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined",
        record: "{n},,2024-03-{d} 10:15:00.123456+00:00,f,u{n},Ada,Amsel,u{n}@example.com,f,t,2024-01-{d} 10:15:00+00:00",
        expected: &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"username = "username""#,
            r#"lastLogin = { from = "last_login", as = "date" }"#,
            r#"signedUp = { from = "date_joined", as = "date" }"#,
            r#"givenName = "first_name""#,
            r#"familyName = "last_name""#,
        ],
    },
    System {
        name: "dumpdata.jsonl",
        source: "https://docs.djangoproject.com/en/stable/topics/serialization/",
        header: "",
        record: r#"{"model":"auth.user","pk":{n},"fields":{"password":"","last_login":"2024-03-{d}T10:15:00.123Z","is_superuser":false,"username":"u{n}","first_name":"Ada","last_name":"Amsel","email":"u{n}@example.com","is_staff":false,"is_active":true,"date_joined":"2024-01-{d}T10:15:00Z","groups":[],"user_permissions":[]}}"#,
        expected: &[
            r#"externalId = "pk""#,
            r#"email = "fields.email""#,
            r#"username = "fields.username""#,
            r#"lastLogin = "fields.last_login""#,
            r#"signedUp = "fields.date_joined""#,
            r#"givenName = "fields.first_name""#,
            r#"familyName = "fields.last_name""#,
        ],
    },
    System {
        name: "laravel.csv",
        source: "https://github.com/laravel/laravel, database/migrations/0001_01_01_000000_create_users_table.php",
        header: "id,name,email,email_verified_at,password,remember_token,created_at,updated_at",
        record: "{n},Ada Amsel {n},u{n}@example.com,2024-01-{d} 10:16:00,,x{n}y,2024-01-{d} 10:15:00,2024-02-{d} 10:15:00",
        expected: &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"emailVerified = { jq = '(.email_verified_at // "") != ""' }"#,
            r#"signedUp = { from = "created_at", as = "date" }"#,
            r#"name = "name""#,
        ],
    },
    System {
        name: "devise.csv",
        source: "https://github.com/heartcombo/devise, lib/generators/active_record/devise_generator.rb; lib/devise/models/trackable.rb",
        header: "id,email,encrypted_password,reset_password_token,reset_password_sent_at,remember_created_at,sign_in_count,current_sign_in_at,last_sign_in_at,current_sign_in_ip,last_sign_in_ip,confirmation_token,confirmed_at,confirmation_sent_at,unconfirmed_email,failed_attempts,unlock_token,locked_at,created_at,updated_at",
        record: "{n},u{n}@example.com,,,,,{n},2024-03-{d} 10:15:00 UTC,2024-02-{d} 10:15:00 UTC,192.0.2.{n},198.51.100.{n},tok{n},2024-01-{d} 10:16:00 UTC,2024-01-{d} 10:15:00 UTC,,0,,,2024-01-{d} 10:15:00.123456,2024-02-{d} 10:15:00.123456",
        expected: &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"emailVerified = { jq = '(.confirmed_at // "") != ""' }"#,
            r#"loginsCount = { from = "sign_in_count", as = "int" }"#,
            r#"lastLogin = { from = "current_sign_in_at", as = "date" }"#,
            r#"lastIP = "current_sign_in_ip""#,
            r#"signedUp = { from = "created_at", as = "date" }"#,
        ],
    },
    System {
        name: "spring.csv",
        source: "https://docs.spring.io/spring-security/reference/servlet/appendix/database-schema.html",
        header: "username,password,enabled,authority",
        record: "u{n},,true,ROLE_USER",
        expected: &[r#"username = "username""#],
    },
    System {
        name: "aspnet.csv",
        source: "https://learn.microsoft.com/aspnet/core/security/authentication/customize-identity-model",
        header: "Id,UserName,NormalizedUserName,Email,NormalizedEmail,EmailConfirmed,PasswordHash,SecurityStamp,ConcurrencyStamp,PhoneNumber,PhoneNumberConfirmed,TwoFactorEnabled,LockoutEnd,LockoutEnabled,AccessFailedCount",
        record: "0a0a0a0a-0000-4000-8000-0000000000{n},ada{n},ADA{n},u{n}@example.com,U{n}@EXAMPLE.COM,True,,STAMP{n},0a0a0a0a-0000-4000-9000-0000000000{n},+141555501{n},False,False,,True,0",
        expected: &[
            r#"externalId = "Id""#,
            r#"email = "Email""#,
            r#"phone = { from = "PhoneNumber", as = "phone" }"#,
            r#"username = "UserName""#,
            r#"emailVerified = { from = "EmailConfirmed", as = "bool" }"#,
            r#"phoneVerified = { from = "PhoneNumberConfirmed", as = "bool" }"#,
        ],
    },
    System {
        name: "wordpress.csv",
        source: "https://codex.wordpress.org/Database_Description#Table:_wp_users",
        header: "ID,user_login,user_pass,user_nicename,user_email,user_url,user_registered,user_activation_key,user_status,display_name",
        record: "{n},ada{n},,ada-{n},u{n}@example.com,https://example.com/{n},2024-01-{d} 10:15:00,,0,Ada Amsel {n}",
        expected: &[
            r#"externalId = "ID""#,
            r#"email = "user_email""#,
            r#"username = "user_login""#,
            r#"nickname = "display_name""#,
            r#"signedUp = { from = "user_registered", as = "date" }"#,
            r#"website = "user_url""#,
        ],
    },
    System {
        name: "drupal.csv",
        source: "https://git.drupalcode.org/project/drupal, core/modules/user/src/Entity/User.php",
        header: "uid,langcode,preferred_langcode,preferred_admin_langcode,name,pass,mail,timezone,status,created,changed,access,login,init,default_langcode",
        record: "{n},en,de,,Ada {n},,u{n}@example.com,Europe/Berlin,1,17000000{n},17000001{n},17100000{n},17050000{n},u{n}@example.com,1",
        expected: &[
            r#"externalId = "uid""#,
            r#"email = "mail""#,
            r#"username = "name""#,
            r#"lastLogin = { from = "login", as = "date" }"#,
            r#"signedUp = { from = "created", as = "date" }"#,
            r#"zoneinfo = "timezone""#,
            r#"locale = "preferred_langcode""#,
        ],
    },
    System {
        name: "discuz.csv",
        source: "https://gitee.com/Discuz/DiscuzX, upload/uc_server/install/uc.sql (X3.5)",
        header: "uid,username,password,secmobicc,secmobile,email,myid,myidkey,regip,regdate,lastloginip,lastlogintime,salt,secques",
        record: "{n},ada{n},,86,138001380{n},u{n}@example.com,,,192.0.2.{n},17000000{n},0,17050000{n},,",
        expected: &[
            r#"externalId = "uid""#,
            r#"email = "email""#,
            r#"phone = { from = "secmobile", as = "phone", region = "CN" }"#,
            r#"username = "username""#,
            r#"lastLogin = { from = "lastlogintime", as = "date" }"#,
            r#"signedUp = { from = "regdate", as = "date" }"#,
        ],
    },
    System {
        name: "supabase.csv",
        source: "https://github.com/supabase/auth, migrations",
        header: "instance_id,id,aud,role,email,encrypted_password,email_confirmed_at,invited_at,confirmation_token,confirmation_sent_at,recovery_token,recovery_sent_at,email_change_token_new,email_change,email_change_sent_at,last_sign_in_at,raw_app_meta_data,raw_user_meta_data,is_super_admin,created_at,updated_at,phone,phone_confirmed_at,phone_change,phone_change_token,phone_change_sent_at,confirmed_at,email_change_token_current,email_change_confirm_status,banned_until,reauthentication_token,reauthentication_sent_at,is_sso_user,deleted_at,is_anonymous",
        record: "00000000-0000-0000-0000-000000000000,0a0a0a0a-0000-4000-8000-0000000000{n},authenticated,authenticated,u{n}@example.com,,2024-01-{d} 10:16:00.123456+00,,,,,,,,,2024-03-{d} 10:15:00.123456+00,\"{\"\"provider\"\":\"\"email\"\"}\",\"{\"\"sub\"\":\"\"s{n}\"\",\"\"email\"\":\"\"u{n}@example.com\"\",\"\"full_name\"\":\"\"Ada Amsel\"\",\"\"avatar_url\"\":\"\"https://example.com/{n}.png\"\",\"\"email_verified\"\":true}\",,2024-01-{d} 10:15:00.123456+00,2024-02-{d} 10:15:00.123456+00,141555501{n},2024-01-{d} 10:17:00.123456+00,,,,2024-01-{d} 10:16:00.123456+00,,0,,,,f,,f",
        expected: &[
            r#"externalId = "id""#,
            r#"email = { from = "email", on_error = "omit" }"#,
            r#"phone = { from = "phone", as = "phone", region = "US", on_error = "omit" }"#,
            r#"emailVerified = { jq = '(.email_confirmed_at // "") != ""' }"#,
            r#"phoneVerified = { jq = '(.phone_confirmed_at // "") != ""' }"#,
            r#"photo = "raw_user_meta_data.avatar_url""#,
            r#"lastLogin = { from = "last_sign_in_at", as = "date" }"#,
            r#"signedUp = { from = "created_at", as = "date" }"#,
            r#"name = "raw_user_meta_data.full_name""#,
        ],
    },
    System {
        name: "better-auth.csv",
        source: "https://www.better-auth.com/docs/concepts/database#core-schema",
        header: "id,name,email,emailVerified,image,createdAt,updatedAt,username,displayUsername,phoneNumber,phoneNumberVerified,role,banned,banReason,banExpires,twoFactorEnabled,accountId,providerId,password",
        record: "aB3x{n},Ada Amsel,u{n}@example.com,1,https://example.com/{n}.png,2024-01-{d}T10:15:00.000Z,2024-02-{d}T10:15:00.000Z,ada{n},Ada{n},+141555501{n},0,user,,,,0,aB3x{n},credential,",
        expected: &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"phone = { from = "phoneNumber", as = "phone" }"#,
            r#"username = "username""#,
            r#"emailVerified = { from = "emailVerified", as = "bool" }"#,
            r#"phoneVerified = { from = "phoneNumberVerified", as = "bool" }"#,
            r#"photo = "image""#,
            r#"signedUp = "createdAt""#,
            r#"name = "name""#,
        ],
    },
    System {
        name: "directus.csv",
        source: "https://github.com/directus/directus, packages/system-data/src/fields/users.yaml",
        header: "id,first_name,last_name,email,password,location,title,description,tags,avatar,language,tfa_secret,status,role,token,last_access,last_page,provider,external_identifier,auth_data,email_notifications,appearance,theme_dark,theme_light,text_direction",
        record: "0a0a0a0a-0000-4000-8000-0000000000{n},Ada,Amsel,u{n}@example.com,,Berlin,Engineer,,,0b0b0b0b-0000-4000-8000-0000000000{n},de-DE,,active,0c0c0c0c-0000-4000-8000-000000000001,,2024-03-{d}T10:15:00.000Z,/content,default,,,true,,,,auto",
        expected: &[
            r#"externalId = "id""#,
            r#"email = "email""#,
            r#"lastLogin = "last_access""#,
            r#"givenName = "first_name""#,
            r#"familyName = "last_name""#,
            r#"locale = "language""#,
        ],
    },
    System {
        name: "magento.csv",
        source: "https://github.com/magento/magento2, app/code/Magento/Customer/etc/db_schema.xml",
        header: "entity_id,website_id,email,group_id,increment_id,store_id,created_at,updated_at,is_active,disable_auto_group_change,created_in,prefix,firstname,middlename,lastname,suffix,dob,password_hash,rp_token,rp_token_created_at,default_billing,default_shipping,taxvat,confirmation,gender,failures_num,first_failure,lock_expires",
        record: "{n},1,u{n}@example.com,1,,1,2024-01-{d} 10:15:00,2024-02-{d} 10:15:00,1,0,Default Store View,,Ada,B,Amsel,,1990-05-{d},,,,{n},{n},,t{n},3,0,,",
        expected: &[
            r#"externalId = "entity_id""#,
            r#"email = "email""#,
            r#"signedUp = { from = "created_at", as = "date" }"#,
            r#"givenName = "firstname""#,
            r#"familyName = "lastname""#,
            r#"middleName = "middlename""#,
            r#"emailVerified = { jq = '.confirmation | tostring | . == "" or ascii_downcase == "null"' }"#,
            r#"gender = { jq = '.gender | if tostring == "3" then "U" else . end', as = "gender" }"#,
            r#"birthdate = "dob""#,
        ],
    },
];

impl System {
    fn export(&self) -> String {
        let record = |n: usize| {
            let day = format!("{:02}", n % 28 + 1);
            self.record.replace("{n}", &n.to_string()).replace("{d}", &day) + "\n"
        };
        let header =
            if self.header.is_empty() { String::new() } else { format!("{}\n", self.header) };
        header + &(10..40).map(record).collect::<String>()
    }

    /// The lines that `init` writes, without the password and who may not sign in.
    fn proposed(&self) -> Vec<String> {
        let desk = Desk::new();
        desk.write(self.name, self.export());
        desk.ferry(&format!("init --yes --from {}", self.name)).ok(0);
        let text = desk.read("userferry.toml");
        let at = text.find("# Proposed from").expect("a mapping");
        let rules =
            text[at..].lines().filter(|line| !line.starts_with('#') && line.contains(" = "));
        let rules =
            rules.map(|line| line.split("  # ").next().unwrap_or(line).trim_end().to_owned());
        rules
            .filter(|line| !line.starts_with("password =") && !line.starts_with("blocked ="))
            .collect()
    }
}

#[test]
fn every_system_is_mapped_as_its_makers_document_it() {
    let mut wrong = Vec::new();
    for system in SYSTEMS {
        let proposed = system.proposed();
        let missing: Vec<_> = system
            .expected
            .iter()
            .filter(|line| !proposed.iter().any(|other| other == *line))
            .collect();
        let strange: Vec<_> =
            proposed.iter().filter(|line| !system.expected.contains(&line.as_str())).collect();
        if !missing.is_empty() || !strange.is_empty() {
            wrong.push(format!(
                "{} ({}): missing {missing:#?}, strange {strange:#?}",
                system.name, system.source
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The values and their meaning: magento/magento2, Customer/Setup/Patch/Data (Male, Female, Not Specified) and
/// Customer/Model/AccountManagement.php (`confirmation` is a token until the address is confirmed).
#[test]
fn magentos_own_values_are_read_as_magento_means_them() {
    let desk = Desk::new();
    let mut csv = String::from(
        "entity_id,email,is_active,confirmation,gender,failures_num,first_failure,lock_expires\n",
    );
    let rows = [
        ("", "1", "true", "M"),
        ("a1b2", "2", "false", "F"),
        ("NULL", "3", "true", "U"),
        ("", "NULL", "true", ""),
    ];
    for n in 0..40 {
        let (token, gender, ..) = rows[n % 4];
        csv.push_str(&format!("{n},u{n}@example.com,1,{token},{gender},0,NULL,NULL\n"));
    }
    desk.write("customers.csv", csv);
    desk.ferry("init --from customers.csv --yes").ok(0);
    desk.ferry("check customers.csv").ok(0);
    for (at, (_, _, verified, gender)) in rows.iter().enumerate() {
        let shown = desk
            .ferry(&format!(
                "preview customers.csv --record {} --unmask gender,emailVerified",
                at + 1
            ))
            .ok(0)
            .out;
        let of = |field: &str| {
            shown.lines().find(|line| line.starts_with(field)).unwrap_or_default().to_owned()
        };
        assert!(of("emailVerified").contains(verified), "{shown}");
        assert_eq!(
            of("gender").split_whitespace().any(|word| word == *gender),
            !gender.is_empty(),
            "{shown}"
        );
    }
}

/// `auth.admin.deleteUser(id, true)`: supabase/auth, internal/models/user.go, puts SHA-256 in base64url in place of the
/// address, and 15 characters of one in place of the number.
#[test]
fn users_whom_gotrue_deleted_softly_are_blocked_and_cost_no_correction() {
    let desk = Desk::new();
    let head = "instance_id,id,aud,email,encrypted_password,raw_user_meta_data,phone,banned_until,deleted_at\n";
    let id = |n: u32| format!("0a0a0a0a-0000-4000-8000-0000000000{n}");
    let alive =
        |n: u32| format!("0,{},authenticated,u{n}@example.com,,{{}},4915120006{n}0,,\n", id(n));
    let deleted = |n: u32| {
        let (email, phone) =
            (format!("3xyjrddegz_33yqxWJA25zW5WkjCIdAQiPeGDUYAR{n}"), format!("Sn_Sss7OJahm1{n}"));
        format!("0,{},authenticated,{email},,{{}},{phone},,2026-11-25 18:00:11.090245+00\n", id(n))
    };
    // Nobody in the sample of init was deleted.
    let sample: String = (10..40).map(alive).collect();
    desk.write("users.csv", format!("{head}{sample}"));
    desk.ferry("init --from users.csv --yes").ok(0);
    let written = desk.read("userferry.toml");
    assert!(written.contains("email = { from = \"email\", on_error = \"omit\" }"), "{written}");
    desk.write("users.csv", format!("{head}{sample}{}", (40..43).map(deleted).collect::<String>()));
    let report = desk.ferry("check users.csv --json").ok(0).out;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["omitted"], serde_json::json!({"email": 3, "phone": 3}), "{report}");
    assert_eq!(report["blocked"], 3, "{report}");
}

/// Numbers of several countries beside a column that says which. The mobile prefixes: China 138 (MIIT), Germany 0151,
/// 0160 (Bundesnetzagentur), the United Kingdom 07400 (Ofcom).
#[test]
fn a_number_is_of_the_country_that_its_own_record_says() {
    let desk = Desk::new();
    let mut csv = String::from("id,email,telephone,country_id\n");
    for n in 10..50 {
        let (number, country) = match n {
            10 => (format!("0151 200010{n}"), "DE"),
            11 => (format!("07400 1234{n}"), "gb"),
            12..15 => (format!("+49 160 900010{n}"), "DE"),
            _ => (format!("138000010{n}"), "CN"),
        };
        csv.push_str(&format!("{n},u{n}@example.com,{number},{country}\n"));
    }
    desk.write("u.csv", &csv);
    desk.ferry("init --from u.csv --yes").ok(0);
    let written = desk.read("userferry.toml");
    let rule =
        "phone = { from = \"telephone\", as = \"phone\", region = { from = \"country_id\" } }";
    assert!(written.contains(&format!("\n{rule}")), "{written}");
    desk.ferry("check u.csv").ok(0);
    for (record, phone, code) in [
        (1, "15120001010", "+49"),
        (2, "7400123411", "+44"),
        (3, "16090001012", "+49"),
        (6, "13800001015", ""),
    ] {
        let shown = desk
            .ferry(&format!("preview u.csv --record {record} --unmask phone,phoneCountryCode"))
            .ok(0)
            .out;
        let of = |field: &str| {
            let line = shown.lines().find(|line| line.split_whitespace().next() == Some(field));
            line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default().to_owned()
        };
        assert_eq!(
            (of("phone").as_str(), of("phoneCountryCode").as_str()),
            (phone, code),
            "{shown}"
        );
    }
    // Without a country, or of one that there is not, nobody knows whose it is; one with + says it itself.
    csv.push_str("50,u50@example.com,13800001050,\n51,u51@example.com,13800001051,XX\n52,u52@example.com,+8613800001052,\n");
    csv.push_str("53,u53@example.com,12345678901,CN\n");
    desk.write("u.csv", &csv);
    let out = desk.ferry("check u.csv --format jsonl").ok(3).out;
    assert!(out.contains("`country_id` names no country in two letters of ISO 3166"), "{out}");
    assert!(out.contains("not a valid phone number for region CN"), "{out}");
    let report: serde_json::Value =
        serde_json::from_str(&desk.ferry("check u.csv --json").ok(3).out).unwrap();
    assert_eq!(report["invalid"], 3, "{report}");
    assert!(!report["unmapped"].to_string().contains("country_id"), "{report}");
}

/// Chinese users, of whom some live abroad, or have their goods sent there, with the numbers that they have always had.
/// In the United States 380 is an area code of Ohio.
#[test]
fn where_users_live_is_not_taken_for_the_country_of_their_numbers() {
    for (column, abroad) in
        [("country", "US"), ("country", "VN"), ("billing_country", "VN"), ("phone_country", "US")]
    {
        let desk = Desk::new();
        let mut csv = format!("id,email,telephone,{column}\n");
        for n in 100..300 {
            let country = if n % 10 == 0 { abroad } else { "CN" };
            csv.push_str(&format!("{n},u{n}@example.com,13804723{n},{country}\n"));
        }
        desk.write("u.csv", &csv);
        desk.ferry("init --from u.csv --yes").ok(0);
        let written = desk.read("userferry.toml");
        assert!(!written.lines().any(|line| line.starts_with("phone = ")), "{written}");
        let told = format!(
            "20 numbers without a country code look like mobile numbers of CN, but {column} says another country there"
        );
        assert!(written.contains(&told), "{written}");
    }
}

/// Where goods are sent proves nothing of a number, unless numbers with their country code say so.
#[test]
fn the_country_of_an_address_is_left_to_a_person() {
    let desk = Desk::new();
    let mut csv = String::from("id,email,telephone,country_id\n");
    for n in 10..50 {
        let (number, country) = if n < 20 {
            (format!("0151 200010{n}"), "DE")
        } else {
            (format!("138000010{n}"), "CN")
        };
        csv.push_str(&format!("{n},u{n}@example.com,{number},{country}\n"));
    }
    desk.write("u.csv", &csv);
    desk.ferry("init --from u.csv --yes").ok(0);
    let written = desk.read("userferry.toml");
    assert!(!written.lines().any(|line| line.starts_with("phone = ")), "{written}");
    assert!(
        written.contains("country_id is the country of an address, and hardly any number"),
        "{written}"
    );
}

/// Where the column says the country of some only, no country is chosen for all.
#[test]
fn no_country_is_chosen_where_a_column_says_several() {
    let desk = Desk::new();
    let mut csv = String::from("id,email,telephone,country_id\n");
    for n in 10..50 {
        let country = match n % 10 {
            0 => "DE",
            1..6 => "",
            _ => "CN",
        };
        csv.push_str(&format!("{n},u{n}@example.com,138000010{n},{country}\n"));
    }
    desk.write("u.csv", &csv);
    desk.ferry("init --from u.csv --yes").ok(0);
    let written = desk.read("userferry.toml");
    let lines: Vec<&str> = written.lines().filter(|line| line.contains("\"telephone\"")).collect();
    assert!(lines.iter().all(|line| line.starts_with('#')), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("20 of 40 have no country of two letters")),
        "{lines:?}"
    );
}
