// Debian's Shibboleth SP signs people in and out.

import { promises } from "./saml_sites.mjs";
import { Shibboleth } from "./shibboleth.mjs";

promises("Shibboleth SP over SAML 2.0", Shibboleth);
