//! Numbers with names, as hashes of slow schemes list them: `m=65536,t=3,p=4`.

use super::digits::is_number;

/// The numbers of these names, in whatever order they stand. None if one is missing, is there twice, or
/// has company: what is not known may change the hash. A number has one spelling, without leading zeros.
pub(super) fn numbers<const N: usize>(list: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut found = [None; N];
    for item in list.split(',') {
        let (name, number) = item.split_once('=')?;
        let at = names.iter().position(|other| *other == name)?;
        let is_one = is_number(number) && (number == "0" || !number.starts_with('0'));
        let number = is_one.then(|| number.parse().ok())??;
        if found[at].replace(number).is_some() {
            return None;
        }
    }
    let mut numbers = [0; N];
    for (number, found) in numbers.iter_mut().zip(found) {
        *number = found?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn they_stand_in_any_order_and_once() {
        let of = |list| numbers(list, ["m", "t", "p"]);
        assert_eq!(of("m=65536,t=3,p=4"), Some([65_536, 3, 4]));
        assert_eq!(of("p=4,m=65536,t=3"), Some([65_536, 3, 4]));
        for list in [
            "",
            "m=1,t=1",
            "m=1,t=1,p=1,m=1",
            "m=1,t=1,p=1,data=x",
            "m=,t=1,p=1",
            "m=-1,t=1,p=1",
            "m=01,t=1,p=1",
            "m=1,t=00,p=1",
            "m=1,t=1,p=99999999999",
        ] {
            assert_eq!(of(list), None, "{list}");
        }
    }
}
