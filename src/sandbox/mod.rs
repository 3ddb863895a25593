//! The stand-in Authing server for rehearsals.
