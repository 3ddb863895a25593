//! The flags for settings that only some providers have, as their descriptors name them.

use crate::provider::{self, Flag, Provider};
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

/// What was given, by the names of the flags.
#[derive(Clone, Debug, Default)]
pub struct OwnFlags(pub Vec<(&'static str, String)>);

/// The flags of these providers, each with those that have it: two that share one share its meaning.
fn flags(providers: &[&'static Provider]) -> Vec<(Flag, Vec<&'static str>)> {
    let mut found: Vec<(Flag, Vec<&str>)> = Vec::new();
    for provider in providers {
        for flag in provider.settings.iter().filter_map(|setting| setting.flag) {
            match found.iter_mut().find(|(other, _)| other.name == flag.name) {
                Some((_, whose)) => whose.push(provider.name),
                None => found.push((flag, vec![provider.name])),
            }
        }
    }
    found
}

/// Apart from the ids of other options.
fn id(flag: Flag) -> String {
    format!("own.{}", flag.name)
}

fn augment(command: Command, providers: &[&'static Provider]) -> Command {
    flags(providers).into_iter().fold(command, |command, (flag, whose)| {
        let help = if whose.len() == providers.len() {
            flag.help.to_owned()
        } else {
            format!("{} ({})", flag.help, whose.join(", "))
        };
        // clap wants a name that lives as long as the program; a program has few.
        let id: &'static str = id(flag).leak();
        command.arg(Arg::new(id).long(flag.name).value_name(flag.value).help(help))
    })
}

fn given(matches: &ArgMatches, providers: &[&'static Provider]) -> OwnFlags {
    let value = |(flag, _): (Flag, _)| {
        matches.get_one::<String>(&id(flag)).map(|value| (flag.name, value.clone()))
    };
    OwnFlags(flags(providers).into_iter().filter_map(value).collect())
}

impl Args for OwnFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, provider::ALL)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(given(matches, provider::ALL))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Setting;
    use crate::provider::authing::V2;

    const fn setting(name: &'static str, flag: &'static str) -> Setting {
        let flag = Some(Flag { name: flag, value: "ID", help: "The user pool" });
        Setting { name, flag, ..V2.settings[1] }
    }

    /// One shares a flag with V2, under another name of its setting; the other has the name of an option as that of
    /// a setting.
    static TWO: Provider =
        Provider { name: "two", settings: &[setting("pool", "user-pool-id")], ..V2 };
    static THREE: Provider =
        Provider { name: "three", settings: &[setting("host", "realm")], ..V2 };

    #[test]
    fn a_flag_that_providers_share_is_one_and_its_help_names_them() {
        let bare = Command::new("run").arg(Arg::new("host").long("host"));
        let command = augment(bare, &[&V2, &TWO, &THREE]);
        command.clone().debug_assert();
        let help = |flag: &str| {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
            arg.get_help().unwrap().to_string()
        };
        assert_eq!(help("user-pool-id"), "The user pool (authing-v2, two)");
        assert_eq!(help("realm"), "The user pool (three)");
        let args = ["run", "--host", "h", "--user-pool-id", "a", "--realm", "b"];
        let matches = command.clone().try_get_matches_from(args).unwrap();
        let OwnFlags(found) = given(&matches, &[&V2, &TWO, &THREE]);
        assert_eq!(found, [("user-pool-id", "a".to_owned()), ("realm", "b".to_owned())]);
    }
}
