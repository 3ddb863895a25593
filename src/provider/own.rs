//! The settings that only one provider has, such as the id of a user pool.

use std::collections::BTreeMap;

/// One setting under `[target]`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key in the file.
    pub name: &'static str,
    /// What it is, for people: `the id of the user pool`.
    pub noun: &'static str,
    /// The word before its value where a run says where it goes: `user pool`.
    pub word: &'static str,
    /// The form of its value, for messages: `… is expected`.
    pub form: &'static str,
    /// The variable of the environment that the vendor's own tools use, besides `USERFERRY_…`.
    pub env: Option<&'static str>,
    /// Its value where none is set.
    pub default: Option<&'static str>,
    /// A run cannot do without.
    pub is_required: bool,
    /// It says which directory of the provider is meant: a job table is bound to it.
    pub is_place: bool,
    /// Its flag, if it has one.
    pub flag: Option<Flag>,
    /// The value as it is kept, if it has the form.
    pub read: fn(&str) -> Option<String>,
}

/// The flag of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Without the dashes before it.
    pub name: &'static str,
    /// What stands for its value in the help.
    pub value: &'static str,
    /// Its line in the help.
    pub help: &'static str,
}

/// The values of a provider's own settings, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own(BTreeMap<&'static str, String>);

impl Own {
    /// What is set where nothing else is said.
    pub fn defaults(settings: &[Setting]) -> Self {
        let set = |setting: &Setting| setting.default.map(|it| (setting.name, it.to_owned()));
        Self(settings.iter().filter_map(set).collect())
    }

    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets a value, if it has the form of the setting.
    pub fn set(&mut self, setting: &Setting, value: &str) -> Option<()> {
        let value = (setting.read)(value)?;
        self.0.insert(setting.name, value);
        Some(())
    }

    /// Every value that is set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}
