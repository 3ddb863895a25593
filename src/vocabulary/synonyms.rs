//! What exports call the provider's fields, in English and Chinese. Data.
//!
//! Names stand here as [`plain`] makes them: in lower case, letters and digits alone.

/// One field of the provider and its names in exports.
#[derive(Debug)]
pub(crate) struct Names {
    /// The provider's field.
    pub(crate) field: &'static str,
    /// Names that mean it, the likelier first.
    pub(crate) sure: &'static [&'static str],
    /// Names that may mean it.
    pub(crate) perhaps: &'static [&'static str],
}

const fn names(
    field: &'static str,
    sure: &'static [&'static str],
    perhaps: &'static [&'static str],
) -> Names {
    Names { field, sure, perhaps }
}

#[rustfmt::skip]
pub(crate) const FIELDS: &[Names] = &[
    names("externalId",
        &["externalid", "uid", "userid", "localid", "id", "guid", "uuid", "sub", "entryuuid", "objectguid", "nsuniqueid", "entityid", "pk", "用户id",
          "用户编号", "编号", "会员编号", "会员id"],
        &["accountid", "userno", "memberno", "customerno", "employeeid", "employeenumber", "userkey", "工号", "学号", "序号"]),
    names("email",
        &["email", "mail", "emailaddress", "mailaddress", "emailaddr", "useremail", "邮箱", "电子邮件", "电子邮箱", "邮箱地址",
          "邮件", "电邮"],
        &["primaryemail", "contactemail", "workemail", "loginemail", "emails"]),
    names("phone",
        &["phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "cellphone", "cell", "手机", "手机号", "手机号码",
          "移动电话", "电话", "电话号码", "联系电话"],
        &["tel", "telephone", "telephonenumber", "msisdn", "phoneno", "mobileno", "primaryphone", "contactphone",
          "homephone", "workphone", "officephone", "secmobile", "phones", "phonenumbers", "联系方式"]),
    names("username",
        &["username", "login", "loginname", "userlogin", "account", "accountname", "用户名", "账号", "帐号", "账户", "登录名",
          "登录账号", "用户账号"],
        &["handle", "screenname", "samaccountname", "userprincipalname", "loginid"]),
    names("nickname",
        &["nickname", "displayname", "nick", "昵称", "显示名称", "显示名", "网名"],
        &["alias", "usernicename", "花名"]),
    names("password",
        &["password", "passwordhash", "hashedpassword", "encryptedpassword", "passworddigest", "passwd", "pwd", "userpassword",
          "userpass", "pass", "passhash", "pwdhash", "pwhash", "pw", "passwort", "passworthash", "kennwort", "kennworthash",
          "密码", "登录密码", "密码哈希", "密码散列"],
        &["hash", "hashvalue", "cryptedpassword", "credential"]),
    names("emailVerified",
        &["emailverified", "isemailverified", "emailconfirmed", "emailverifiedat", "emailconfirmedat", "confirmedat",
          "verifiedemail", "mailverified", "邮箱已验证", "邮箱验证", "邮箱是否验证"],
        &["verified", "isverified", "confirmed"]),
    names("phoneVerified",
        &["phoneverified", "phonenumberverified", "isphoneverified", "mobileverified", "phoneconfirmed", "phoneverifiedat",
          "phonenumberconfirmed", "phoneconfirmedat", "手机已验证", "手机号已验证", "手机验证", "手机是否验证"],
        &[]),
    names("loginsCount",
        &["loginscount", "logincount", "signincount", "numlogins", "numberoflogins", "totallogins", "logoncount", "登录次数", "登陆次数"],
        &["logins", "visits"]),
    names("lastLogin",
        // Devise: the current sign-in is the last one, the last one that before it.
        &["lastlogin", "lastloginat", "lastlogintime", "lastlogindate", "lastsignedinat", "currentsigninat", "lastsigninat",
          "lastsignintime", "lastlogontimestamp", "lastlogondate", "lastseenat", "最后登录时间", "最后登录", "上次登录", "上次登录时间", "最近登录时间"],
        &["lastseen", "lastactive", "lastactiveat", "lastaccess", "lastlogon"]),
    names("lastIP",
        &["lastip", "lastloginip", "currentsigninip", "lastsigninip", "登录ip", "最后登录ip"],
        &["ip", "ipaddress"]),
    names("signedUp",
        &["signedup", "signup", "signupat", "signedupat", "signupdate", "createdat", "created", "createdtimestamp",
          "creationtime", "createtime", "createdtime", "createddate", "datecreated", "creationdate", "createdon", "usercreatedate",
          "registered", "registeredat", "registerdate", "regdate", "regtime", "registrationdate", "registertime", "registrationtime",
          "datejoined", "joinedat", "joindate", "注册时间", "注册日期", "创建时间", "创建日期"],
        &["since", "membersince", "createtimestamp", "whencreated"]),
    names("name",
        &["name", "fullname", "realname", "truename", "姓名", "真实姓名", "全名"],
        &["legalname", "cn", "名称"]),
    names("givenName", &["givenname", "firstname", "forename", "namefirst", "namegiven", "名字"], &["first", "名"]),
    names("familyName", &["familyname", "lastname", "surname", "namelast", "namefamily", "姓氏"], &["last", "sn", "姓"]),
    names("middleName", &["middlename", "namemiddle"], &["middle"]),
    names("preferredUsername", &["preferredusername"], &[]),
    names("photo",
        &["photo", "picture", "avatar", "avatarurl", "photourl", "pictureurl", "profilepicture", "profileimage", "profileimageurl",
          "headimgurl", "头像", "头像地址", "照片"],
        &["image", "imageurl", "headimg"]),
    names("profile", &["profile", "profileurl"], &[]),
    names("website", &["website", "homepage", "个人主页"], &["url", "webpage"]),
    names("gender", &["gender", "sex", "性别"], &[]),
    names("birthdate", &["birthdate", "birthday", "dateofbirth", "dob", "生日", "出生日期", "出生年月"], &["born", "birth"]),
    names("zoneinfo", &["zoneinfo", "timezone", "tz", "时区"], &[]),
    names("locale", &["locale", "language", "lang", "preferredlanguage", "语言"], &[]),
    names("company",
        &["company", "companyname", "organization", "organisation", "公司", "公司名称", "单位", "工作单位"],
        &["org", "employer"]),
    names("address", &["address", "地址", "联系地址", "详细地址"], &[]),
    names("formatted", &["formatted", "formattedaddress", "addressformatted"], &[]),
    names("streetAddress", &["streetaddress", "street", "addressline1", "街道"], &["address1"]),
    names("locality", &["locality", "city", "town", "城市", "所在城市"], &[]),
    names("region", &["region", "province", "addressstate", "locationstate", "省份", "省", "所在省份"], &["county"]),
    names("postalCode", &["postalcode", "postcode", "zip", "zipcode", "邮编", "邮政编码"], &[]),
    names("country", &["country", "countrycode", "countryname", "国家"], &[]),
    names("phoneCountryCode", &["phonecountrycode", "dialcode", "callingcode", "phonecode", "国家代码", "区号"], &[]),
    names("unionid", &["unionid", "wxunionid"], &[]),
    names("openid", &["openid", "wxopenid"], &[]),
    names("device", &["device", "lastdevice"], &[]),
    names("browser", &["browser", "useragent"], &[]),
    names("blocked",
        &["blocked", "isblocked", "disabled", "isdisabled", "locked", "islocked", "banned", "isbanned", "suspended", "issuspended",
          "accountlocked", "accountdisabled", "已禁用", "是否禁用", "禁用", "锁定", "是否锁定", "已锁定"],
        &[]),
    names("isDeleted", &["isdeleted", "deleted", "已删除", "是否删除"], &["removed"]),
];

/// Names of what is said in words of its own. A `state` beside a city is a region.
#[rustfmt::skip]
pub(crate) const STATUS: &[&str] = &["status", "state", "accountstatus", "accountstate", "userstatus", "userstate", "状态", "账号状态", "用户状态"];

/// Parts of names of what must not leave the house, whatever it holds.
#[rustfmt::skip]
pub(crate) const SECRET: &[&str] = &[
    "salt", "secret", "token", "credential", "otp", "mfa", "securityquestion", "securityanswer", "privatekey", "apikey",
    "recoverycode", "activationkey", "securitystamp", "passport", "idcard", "socialsecurity", "盐", "密钥", "身份证", "令牌",
];

/// Objects that only group what is inside: `profile.email` is an e-mail address of the user.
#[rustfmt::skip]
pub(crate) const GROUPS: &[&str] = &[
    "profile", "attributes", "user", "users", "data", "contact", "contacts", "personal", "info", "userinfo", "account", "details",
    "person", "fields", "properties", "traits", "claims", "usermetadata", "rawusermetadata", "metadata", "publicmetadata", "basic", "meta", "security",
    "auth", "authentication", "login", "credential", "credentials", "stats", "activity", "identity", "identifiers", "address", "cognito", "custom", "timestamps",
    "name", "customattributes", "statistics", "location", "password", "source", "raw", "member", "customer", "基本信息", "用户",
];

/// Words in the names of tables, which exports write before those of columns.
#[rustfmt::skip]
pub(crate) const TABLES: &[&str] = &[
    "t", "tb", "tbl", "table", "db", "dbo", "public", "sys", "system", "app", "core", "base", "main", "master", "the", "my", "custom", "usr", "members", "accounts", "customers",
    "admin", "admins", "employee", "employees", "people", "persons", "client", "clients", "uc", "status", "state", "会员", "账号", "员工",
];

/// What columns are called that name the scheme of the hash beside them.
#[rustfmt::skip]
pub(crate) const SCHEMES: &[&str] = &[
    "algorithm", "algo", "scheme", "hashalgorithm", "hashalgo", "hashscheme", "hashtype", "hashmethod", "passwordalgorithm",
    "passwordalgo", "passwordscheme", "passwordtype", "算法", "加密方式",
];

/// What columns are called that say how often was hashed.
pub(crate) const ITERATIONS: &[&str] =
    &["iterations", "iterationcount", "hashiterations", "rounds", "hashrounds", "迭代次数"];

/// What names of columns begin with where everything is of a user.
#[rustfmt::skip]
pub(crate) const PREFIXES: &[&str] = &["user", "usr", "member", "customer", "account", "acct", "primary", "current", "用户", "会员"];

/// A name as the tables have it: lower case, letters and digits alone.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a plain name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The provider's field.
    pub(crate) field: &'static str,
    /// How far from certain: 0 is the likeliest name.
    pub(crate) doubt: u32,
}

/// Looks a plain name up.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let stripped = PREFIXES.iter().find_map(|prefix| {
        let rest = name.strip_prefix(prefix)?;
        look_up(rest).map(|found| Meaning { doubt: found.doubt + 60, ..found })
    });
    look_up(name).or(stripped)
}

fn look_up(name: &str) -> Option<Meaning> {
    let place = |list: &[&str]| list.iter().position(|other| *other == name);
    FIELDS.iter().find_map(|names| {
        let sure = place(names.sure).map(|at| 2 * at);
        let doubt = sure.or_else(|| place(names.perhaps).map(|at| 200 + 2 * at))?;
        Some(Meaning { field: names.field, doubt: u32::try_from(doubt).unwrap_or(u32::MAX) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::authing::fields::V2;
    use std::collections::HashSet;

    #[test]
    fn every_field_is_the_targets_and_no_name_means_two() {
        let mut seen = HashSet::new();
        for names in FIELDS {
            let known = names.field == V2.password_field || V2.field(names.field).is_some();
            assert!(known, "{}", names.field);
            for name in names.sure.iter().chain(names.perhaps) {
                assert_eq!(*name, plain(name));
                assert!(seen.insert(*name), "{name} twice");
            }
        }
    }

    #[test]
    fn names_are_known_in_every_spelling() {
        let means = |name: &str| meaning(&plain(name)).map_or("", |found| found.field);
        for (name, field) in [
            ("uid", "externalId"),
            ("user_id", "externalId"),
            ("_id", "externalId"),
            ("ID", "externalId"),
            ("用户ID", "externalId"),
            ("编号", "externalId"),
            ("mail", "email"),
            ("E-Mail", "email"),
            ("emailAddress", "email"),
            ("customer_email", "email"),
            ("邮箱", "email"),
            ("Phone Number", "phone"),
            ("user_mobile", "phone"),
            ("手机号", "phone"),
            ("用户手机号", "phone"),
            ("login", "username"),
            ("user_name", "username"),
            ("账号", "username"),
            ("display_name", "nickname"),
            ("姓名", "name"),
            ("firstName", "givenName"),
            ("encrypted_password", "password"),
            ("密码", "password"),
            ("email_verified", "emailVerified"),
            ("date_joined", "signedUp"),
            ("user_registered", "signedUp"),
            ("last_login", "lastLogin"),
            ("logins_count", "loginsCount"),
            ("头像", "photo"),
            ("性别", "gender"),
            ("timezone", "zoneinfo"),
            ("disabled", "blocked"),
            ("enabled", ""),
            ("identities", ""),
            ("updated_at", ""),
        ] {
            assert_eq!(means(name), field, "{name}");
        }
    }
}
