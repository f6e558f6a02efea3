//! idp/store
