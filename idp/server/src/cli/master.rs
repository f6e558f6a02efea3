//! `keyholder key rotate-master`: a new master key, and everything sealed anew under it.

use keyholder_store::Access;
use keyholder_store::seal::MasterKey;

use super::context::Context;
use super::error::CliError;
use crate::serve::DataError;

/// Adds a new current key and seals everything anew. A server that runs meets the new key and reads the file again.
pub(super) async fn rotate(context: &mut Context) -> Result<(), CliError> {
    let data = context.data();
    data.must_exist()?;
    refuse_environment(context)?;
    // Reads the file first: a missing key is told as such.
    context.sealer()?;
    let key = MasterKey::rotate(&data.master_key(), context.random.clone()).map_err(DataError::from)?;
    let store = data.open_store(Access::Beside, std::sync::Arc::new(key)).await?;
    let resealed = store.reseal().await;
    store.close().await;
    let resealed = resealed?;
    context.say(&format!(
        "the master key was replaced and {resealed} values were sealed anew; keep a copy of the new file"
    ))?;
    context.say("the former key stays in the file for what is on its way; `key forget-master` removes it when the server is stopped")
}

/// Seals everything anew and removes the former keys. Alone: a server that runs may still seal with one of them.
pub(super) async fn forget_former(context: &mut Context) -> Result<(), CliError> {
    let data = context.data();
    data.must_exist()?;
    refuse_environment(context)?;
    let store = data.open_store(Access::Server, context.sealer()?).await?;
    let resealed = store.reseal().await;
    let forgotten = match resealed {
        Ok(_) => MasterKey::forget_former(&data.master_key(), context.random.clone()).map(drop),
        Err(error) => {
            store.close().await;
            return Err(error.into());
        }
    };
    store.close().await;
    forgotten.map_err(DataError::from)?;
    context.say("former master keys were removed; backups from before need a copy of the former file")
}

fn refuse_environment(context: &Context) -> Result<(), CliError> {
    if context.master_key.is_some() {
        return Err(CliError::Refused("the master key comes from KEYHOLDER_MASTER_KEY; replace it there".into()));
    }
    Ok(())
}
