use super::*;

#[test]
fn the_pages_of_the_application_are_returned_to() {
    for path in ["/", "/incidents", "/incidents/4"] {
        assert_eq!(ReturnPage::parse(path).path(), path);
    }
}

#[test]
fn nothing_else_is_returned_to() {
    let hostile = [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/..//evil.example",
        "/incidents/..//evil.example",
        "/incidents/4@evil.example",
        "/incidents//evil.example",
        "/%2f%2fevil.example",
        "javascript:alert(1)",
        "/incidents/4\r\nSet-Cookie: a=b",
        "\t//evil.example",
        " //evil.example",
        "/incidents/+4",
        "/incidents/-1",
        "/incidents/",
        "/incidents/99999999999",
        "/sign-out",
        "/sign-in",
        "/callback",
        "",
    ];
    for path in hostile {
        assert_eq!(ReturnPage::parse(path).path(), "/", "{path:?}");
    }
}
