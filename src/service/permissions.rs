//! What each request needs: one check for every door.

use super::access::{Access, Scope};
use crate::engine::request::{Operation, Request};
use crate::engine::{AccessMode, ActivationLogging, MindId};
use crate::error::Result;

/// Refuses what `access` does not allow. A new request has to be named here before it can be asked at all.
///
/// # Errors
/// Forbidden; it never says whether a mind exists.
pub fn check(access: &Access, request: &Request) -> Result<()> {
    let Access::Key(grant) = access else {
        return Ok(());
    };
    let mind = |scope: Scope, mind: &str| access.require(scope).and(access.require_mind(mind));
    let minds = |scope: Scope, name: &Option<String>| match name {
        Some(name) => mind(scope, name),
        None => access.require(scope).and(access.require_all_minds()),
    };
    match request {
        // One mind.
        Request::Recall(r) => match r.activation_logging {
            ActivationLogging::Used => mind(Scope::Write, &r.mind),
            ActivationLogging::None | ActivationLogging::Retrieved => mind(Scope::Read, &r.mind),
        },
        Request::ShowMemory(r) => match r.used {
            true => mind(Scope::Write, &r.mind),
            false => mind(Scope::Read, &r.mind),
        },
        Request::ExplainMemory(r) => mind(Scope::Read, &r.mind),
        Request::BuildContext(r) => mind(Scope::Read, &r.mind),
        Request::ListMemories(r) => mind(Scope::Read, &r.mind),
        Request::FindMind(r) => mind(Scope::Read, &r.name),
        Request::AddMemory(r) => mind(Scope::Write, &r.new.mind),
        Request::AddMemories(r) => r
            .new
            .iter()
            .try_for_each(|new| mind(Scope::Write, &new.mind)),
        Request::EditMemory(r) => mind(Scope::Write, &r.mind),
        Request::DeleteMemory(r) => mind(Scope::Write, &r.mind),
        Request::MoveMemory(r) => mind(Scope::Write, &r.mind),
        Request::RestoreMemory(r) => mind(Scope::Write, &r.mind),
        Request::MemoryHistory(r) => mind(Scope::Read, &r.mind),
        Request::LinkMemories(r) => mind(Scope::Write, &r.mind),
        Request::UnlinkMemories(r) => mind(Scope::Write, &r.mind),
        Request::RelatedMemories(r) => mind(Scope::Read, &r.mind),
        Request::CleanUp(r) => mind(Scope::Write, &r.mind),
        Request::UndoCleanup(r) => mind(Scope::Write, &r.mind),
        Request::ListSessions(r) => mind(Scope::Read, &r.mind),
        Request::SaveSession(r) => mind(Scope::Write, &r.mind),
        Request::ListFacts(r) => mind(Scope::Read, &r.mind),
        Request::SetFact(r) => mind(Scope::Write, &r.mind),
        Request::JudgeFact(r) => mind(Scope::Write, &r.mind),
        Request::RecallMany(r) => r.questions.iter().try_for_each(|question| {
            access.require(Scope::Read)?;
            // Questions name their minds by id: a name space cannot tell which are its own.
            let is_named = |m: &&super::MindPattern| MindId::of(m.as_str()) == question.mind;
            match grant.minds.iter().find(is_named) {
                Some(_) => Ok(()),
                None => access.require_all_minds(),
            }
        }),
        // One mind or all of them.
        Request::FindInsights(r) => minds(Scope::Read, &r.mind),
        Request::GetStatus(r) => minds(Scope::Read, &r.mind),
        Request::CheckHealth(r) => minds(Scope::Read, &r.mind),
        Request::VerifyStore(r) => minds(Scope::Read, &r.mind),
        Request::Consolidate(r) => match r.rebuild {
            true => access.require_owner(),
            false => minds(Scope::Write, &r.mind),
        },
        // The whole store. Whoever lists minds shows a key those that it covers.
        Request::ListMinds(_) => access.require(Scope::Read),
        Request::GetMetrics(_) | Request::GetSchedule(_) | Request::GetPostgres(_) => {
            access.require(Scope::Read).and(access.require_all_minds())
        }
        Request::SelectTable(_)
        | Request::SelectJson(_)
        | Request::EnrichPending(_)
        | Request::SyncPostgres(_)
        | Request::PublishDreams(_)
        | Request::PauseRhythms(_)
        | Request::RunModels(_)
        | Request::TestModels(_) => access.require(Scope::Admin),
        // Files of the machine.
        Request::ImportFiles(_)
        | Request::UndoImport(_)
        | Request::RestoreExport(_)
        | Request::WriteExport(_)
        | Request::TakeSnapshot(_)
        | Request::ReplayInto(_) => access.require_owner(),
    }
}

/// The mind that a request is about, where it is about one.
pub(super) fn mind_of(request: &Request) -> Option<&str> {
    match request {
        Request::Recall(r) => Some(&r.mind),
        Request::ShowMemory(r) => Some(&r.mind),
        Request::ExplainMemory(r) => Some(&r.mind),
        Request::BuildContext(r) => Some(&r.mind),
        Request::ListMemories(r) => Some(&r.mind),
        Request::FindMind(r) => Some(&r.name),
        Request::AddMemory(r) => Some(&r.new.mind),
        Request::AddMemories(r) => r.new.first().map(|new| new.mind.as_str()),
        Request::EditMemory(r) => Some(&r.mind),
        Request::DeleteMemory(r) => Some(&r.mind),
        Request::MoveMemory(r) => Some(&r.mind),
        Request::RestoreMemory(r) => Some(&r.mind),
        Request::MemoryHistory(r) => Some(&r.mind),
        Request::LinkMemories(r) => Some(&r.mind),
        Request::UnlinkMemories(r) => Some(&r.mind),
        Request::RelatedMemories(r) => Some(&r.mind),
        Request::CleanUp(r) => Some(&r.mind),
        Request::UndoCleanup(r) => Some(&r.mind),
        Request::ListSessions(r) => Some(&r.mind),
        Request::SaveSession(r) => Some(&r.mind),
        Request::ListFacts(r) => Some(&r.mind),
        Request::SetFact(r) => Some(&r.mind),
        Request::JudgeFact(r) => Some(&r.mind),
        Request::FindInsights(r) => r.mind.as_deref(),
        Request::GetStatus(r) => r.mind.as_deref(),
        Request::CheckHealth(r) => r.mind.as_deref(),
        Request::VerifyStore(r) => r.mind.as_deref(),
        Request::Consolidate(r) => r.mind.as_deref(),
        _ => None,
    }
}

/// Whether the audit log names it also where the owner asks: what may change something is named.
pub(super) fn is_noted(request: &Request) -> bool {
    request.requirements().mode != AccessMode::Read
}
