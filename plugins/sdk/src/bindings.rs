//! Generated from the contract. An export macro carries the description of its world, so a crate that is built together with others
//! has the exports that it asked for and no more.
#![allow(missing_docs, unreachable_pub, unsafe_code, clippy::pedantic, reason = "generated code")]
#![allow(clippy::missing_safety_doc, reason = "generated code")]

pub mod host {
    wit_bindgen::generate!({
        inline: "
            package keyholder:sdk;
            world host {
                import keyholder:host/log@0.9.0;
                import keyholder:host/random@0.9.0;
                import keyholder:host/crypto@0.9.0;
            }
        ",
        path: ["../wit/host"],
        generate_all,
        additional_derives: [PartialEq, Eq],
    });
}

#[cfg(feature = "factor")]
pub mod factor {
    wit_bindgen::generate!({
        // A world of our own name: what the macro expands to is named after it.
        inline: "
            package keyholder:sdk;
            world factor-plugin { include keyholder:factor/plugin@0.9.0; }
        ",
        path: ["../wit/host", "../wit/factor"],
        with: {
            "keyholder:host/log@0.9.0": crate::bindings::host::keyholder::host::log,
            "keyholder:host/random@0.9.0": crate::bindings::host::keyholder::host::random,
            "keyholder:host/crypto@0.9.0": crate::bindings::host::keyholder::host::crypto,
            "keyholder:factor/types@0.9.0": generate,
            "keyholder:factor/factor@0.9.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_factor_world",
        default_bindings_module: "keyholder_plugin_sdk::private::factor_bindings",
    });
}

#[cfg(feature = "seeds")]
pub mod seeds {
    wit_bindgen::generate!({
        inline: "
            package keyholder:sdk;
            world seeds { export keyholder:factor/seed-import@0.9.0; }
        ",
        path: ["../wit/host", "../wit/factor"],
        with: {
            "keyholder:factor/types@0.9.0": crate::bindings::factor::keyholder::factor::types,
            "keyholder:factor/seed-import@0.9.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_seeds_world",
        default_bindings_module: "keyholder_plugin_sdk::private::seeds_bindings",
    });
}

#[cfg(feature = "policy")]
pub mod policy {
    wit_bindgen::generate!({
        inline: "
            package keyholder:sdk;
            world policy-plugin { include keyholder:policy/plugin@0.9.0; }
        ",
        path: ["../wit/host", "../wit/policy"],
        with: {
            "keyholder:host/log@0.9.0": crate::bindings::host::keyholder::host::log,
            "keyholder:policy/types@0.9.0": generate,
            "keyholder:policy/policy@0.9.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_policy_world",
        default_bindings_module: "keyholder_plugin_sdk::private::policy_bindings",
    });
}
