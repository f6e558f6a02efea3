use super::*;

#[test]
fn lengths_of_time_are_said_as_people_say_them() {
    let said = [0, 59, 60, 119, 120, 3599, 3600, 7300].map(span);
    let expected = [
        "less than a minute",
        "less than a minute",
        "1 minute",
        "1 minute",
        "2 minutes",
        "59 minutes",
        "1 hour",
        "2 hours",
    ];
    assert_eq!(said, expected);
    assert_eq!(span(-5), "less than a minute");
}

#[test]
fn a_year_group_says_what_it_is_by_itself() {
    let scope = |kind: &str, name: &str| scope_in_words(&PupilScope { kind: kind.to_owned(), name: name.to_owned() });
    assert_eq!((scope("year-group", "Year 6").as_str(), scope("class", "6B").as_str()), ("Year 6", "class 6B"));
}
