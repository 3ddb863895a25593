//! Exports over which new users stumbled: what is refused, told, or taken for no value.

use super::Desk;

const MAPPING: &str = "[mapping]\nexternalId = \"uid\"\nemail = \"mail\"\n";

#[test]
fn a_date_of_zero_is_no_date() {
    let desk = Desk::new();
    desk.write(
        "userferry.toml",
        format!("{MAPPING}lastLogin = {{ from = \"last\", as = \"date\" }}\n"),
    );
    let rows =
        "1,a@b.cn,0\n2,c@d.cn,0000-00-00 00:00:00\n3,e@f.cn,1970-01-01\n4,g@h.cn,1486324027\n";
    desk.write("u.csv", format!("uid,mail,last\n{rows}"));
    desk.ferry("check u.csv").ok(0);
    desk.write("u.jsonl", "{\"uid\":\"1\",\"last\":0}\n");
    desk.ferry("check u.jsonl").ok(0);
    for (record, has) in [(1, false), (2, false), (3, true), (4, true)] {
        let did = desk.ferry(&format!("preview u.csv --record {record} --unmask lastLogin")).ok(0);
        assert_eq!(
            did.out.contains("T00:00:00.000Z") || did.out.contains("T19:47:07.000Z"),
            has,
            "{}",
            did.out
        );
    }
    desk.write("u.csv", "uid,mail,last\n1,a@b.cn,1\n");
    desk.ferry("check u.csv").ok(3);
}
