//! Takes the clock, the environment and the random order of a map; and whatever else its settings say.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

std_guests::factor!("with-std", made);

fn made(config: &str) -> String {
    if config.contains("panic") {
        panic!("as told");
    }
    if config.contains("exit") {
        std::process::exit(3);
    }
    if config.contains("print") {
        for _ in 0..1000 {
            eprintln!("a line");
            println!("a line");
        }
    }
    if config.contains("sleep") {
        std::thread::sleep(Duration::from_secs(3600));
    }
    if config.contains("read") {
        let mut line = String::new();
        return format!("{:?}", std::io::stdin().read_line(&mut line).is_ok());
    }
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
    let map: HashMap<u8, u8> = (0..32).map(|number| (number, number)).collect();
    let order: Vec<String> = map.keys().map(ToString::to_string).collect();
    let passed = Instant::now().elapsed().as_millis();
    format!("{millis} {passed} {} {}", std::env::vars().count() + std::env::args().count(), order.join(","))
}
