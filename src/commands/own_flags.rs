//! The flags for settings that only some providers have, as their descriptors name them.

use crate::provider::{self, Flag, Setting};
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

/// What was given, by the names of the settings.
#[derive(Clone, Debug, Default)]
pub struct OwnFlags(pub Vec<(&'static str, String)>);

/// The settings that have a flag; each name once.
fn settings() -> Vec<(&'static Setting, Flag)> {
    let mut found: Vec<(&Setting, Flag)> = Vec::new();
    for setting in provider::ALL.iter().flat_map(|provider| provider.settings) {
        if let Some(flag) = setting.flag
            && found.iter().all(|(other, _)| other.name != setting.name)
        {
            found.push((setting, flag));
        }
    }
    found
}

impl Args for OwnFlags {
    fn augment_args(command: Command) -> Command {
        settings().into_iter().fold(command, |command, (setting, flag)| {
            let arg = Arg::new(setting.name).long(flag.name);
            command.arg(arg.value_name(flag.value).help(flag.help))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = settings().into_iter().filter_map(|(setting, _)| {
            let value = matches.get_one::<String>(setting.name)?;
            Some((setting.name, value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
