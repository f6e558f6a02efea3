//! idp/theme
