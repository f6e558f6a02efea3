//! Whether mails can leave.

use keyholder_core::id::OutboxId;
use keyholder_theme::mail::DrawnMail;

use super::super::context::{Context, parse_email};
use super::{Report, sentence};
use crate::mail::{Letter, Mailer};

const SUBJECT: &str = "mail";

pub(super) async fn mail(report: &mut Report, context: &Context, address: Option<&str>) {
    let mailer = match Mailer::new(&context.config) {
        Ok(mailer) => mailer,
        Err(error) => return report.failed(SUBJECT, sentence(&error)),
    };
    match address {
        None => match mailer.probe().await {
            Ok(what) => report.ok(SUBJECT, format!("{what}; `--mail ADDRESS` sends one")),
            Err(error) => report.failed(SUBJECT, format!("{}; look at [mail]", sentence(&error))),
        },
        Some(address) => send(report, context, &mailer, address).await,
    }
    mailer.close().await;
}

async fn send(report: &mut Report, context: &Context, mailer: &Mailer, address: &str) {
    if let Err(error) = parse_email(address) {
        return report.failed(SUBJECT, error.to_string());
    }
    let now = context.clock.now();
    let text = format!("Keyholder at {} can send mails. Nobody has to do anything.", context.config.issuer());
    let drawn = DrawnMail { subject: "Keyholder can send mails".into(), html: format!("<p>{text}</p>"), text };
    let letter = Letter {
        id: OutboxId::draw(context.random.as_ref(), now),
        written_at: now,
        name: "",
        address,
        drawn: &drawn,
        link: None,
    };
    match mailer.send(&letter).await {
        Ok(()) => report.ok(SUBJECT, format!("one was handed over for {address}; look whether it arrives")),
        Err(error) => report.failed(SUBJECT, format!("{}; look at [mail]", sentence(&error))),
    }
}
