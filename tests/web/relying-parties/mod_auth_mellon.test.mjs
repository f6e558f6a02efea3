// Debian's mod_auth_mellon signs people in and out.

import { Mellon } from "./mellon.mjs";
import { promises } from "./saml_sites.mjs";

promises("mod_auth_mellon over SAML 2.0", Mellon);
