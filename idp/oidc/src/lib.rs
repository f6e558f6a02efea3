//! idp/oidc
