//! Which validation policy and which limits hold for which owner.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock},
};

use cert_core::{MinimumValidity, RULE_TABLE, Rule, RuleLevel, SignatureCache, ValidationPolicy};
use cert_service::{Plan, Policies};
use cert_store::{OwnerId, Quota};

use super::{
    DEFAULT_QUOTA,
    file::{ClassTable, FileConfig, MinimumTable, RuleLevelWord},
    trust, units,
};

/// The plans that a configuration gives: one for everybody, others for owners that it names.
pub(crate) struct PlansByOwner {
    everybody: Plan,
    owners: HashMap<String, Plan>,
}

impl Policies for PlansByOwner {
    fn plan(&self, owner: &OwnerId) -> Plan {
        self.owners.get(owner.as_str()).unwrap_or(&self.everybody).clone()
    }
}

impl PlansByOwner {
    pub(super) fn new(file: &FileConfig) -> Result<Self, String> {
        let everybody = default_plan(file)?;
        let classes = file
            .class
            .iter()
            .map(|(name, class)| Ok((name.as_str(), class_plan(name, class, file, &everybody)?)))
            .collect::<Result<BTreeMap<_, _>, String>>()?;
        let mut owners = HashMap::new();
        for entry in &file.credential {
            let Some(owner) = &entry.owner else { continue };
            let base = match &entry.class {
                None => &everybody,
                Some(class) => classes
                    .get(class.as_str())
                    .ok_or_else(|| format!("credential {}: there is no [class.{class}]", entry.access_key))?,
            };
            if entry.class.is_none() && entry.quota.is_none() {
                continue;
            }
            // Of several credentials of one owner, those that say something count, and they may not disagree.
            let said = (&entry.class, entry.quota);
            let plan = with_live(base, entry.quota);
            if owners.insert(owner.clone(), (said, plan)).is_some_and(|(before, _)| before != said) {
                return Err(format!("owner {owner}: its credentials disagree about class or quota"));
            }
        }
        let owners = owners.into_iter().map(|(owner, (_, plan))| (owner, plan)).collect();
        Ok(Self { everybody, owners })
    }
}

fn default_plan(file: &FileConfig) -> Result<Plan, String> {
    let limits = file.limits.clone().unwrap_or_default();
    let policy = base_policy(file, file.validation.trust.as_deref().unwrap_or_default())?;
    Ok(Plan::new(Arc::new(policy)).with_quota(Quota {
        live: limits.quota.unwrap_or(DEFAULT_QUOTA.live),
        total: limits.total.unwrap_or(DEFAULT_QUOTA.total),
    }))
}

/// A class starts from what holds for everybody, and replaces what it names.
fn class_plan(name: &str, class: &ClassTable, file: &FileConfig, everybody: &Plan) -> Result<Plan, String> {
    let policy = match &class.trust {
        None => ValidationPolicy::clone(everybody.validation()),
        Some(trust) => base_policy(file, trust)?,
    };
    let policy = with_minimum(policy, &format!("class.{name}"), class.minimum_validity.as_ref())?;
    let policy = with_rules(policy, &class.rules)?;
    let plan = Plan::new(Arc::new(policy))
        .with_quota(everybody.quota())
        .with_takeover(class.takeover.unwrap_or_else(|| everybody.takes_over()));
    Ok(with_live(&plan, class.quota))
}

/// The signatures that were verified, by whichever policy: a verified signature is one for all.
pub(crate) static SIGNATURES: LazyLock<Arc<SignatureCache>> = LazyLock::new(Arc::default);

/// What `[validation]` says, with this trust.
fn base_policy(file: &FileConfig, trust: &[String]) -> Result<ValidationPolicy, String> {
    let table = &file.validation;
    let anchors = trust::anchors(trust).map_err(|failure| failure.to_string())?;
    let mut policy = ValidationPolicy::new(anchors).signature_cache(Arc::clone(&SIGNATURES));
    if let Some(certificates) = table.max_chain {
        policy = policy.max_chain(certificates);
    }
    with_rules(with_minimum(policy, "validation", table.minimum_validity.as_ref())?, &table.rules)
}

fn with_live(plan: &Plan, live: Option<u64>) -> Plan {
    let quota = plan.quota();
    plan.clone().with_quota(Quota { live: live.unwrap_or(quota.live), ..quota })
}

fn with_minimum(
    policy: ValidationPolicy,
    table: &str,
    minimum: Option<&MinimumTable>,
) -> Result<ValidationPolicy, String> {
    let Some(minimum) = minimum else { return Ok(policy) };
    let absolute = units::seconds(&format!("{table}.minimum_validity.absolute"), &minimum.absolute)?;
    if !(0.0..=1.0).contains(&minimum.lifetime_fraction) {
        return Err(format!("{table}.minimum_validity.lifetime_fraction must be between 0 and 1"));
    }
    Ok(policy.minimum_validity(MinimumValidity::new(absolute, minimum.lifetime_fraction)))
}

fn with_rules(
    policy: ValidationPolicy,
    rules: &BTreeMap<String, RuleLevelWord>,
) -> Result<ValidationPolicy, String> {
    rules.iter().try_fold(policy, |policy, (name, level)| {
        let rule = name.parse::<Rule>().map_err(|_| format!("rules: there is no rule {name}"))?;
        if !RULE_TABLE.iter().any(|entry| entry.rule == rule) {
            return Err(format!("rules: the level of {name} cannot be changed"));
        }
        Ok(policy.level(rule, RuleLevel::from(*level)))
    })
}

impl From<RuleLevelWord> for RuleLevel {
    fn from(word: RuleLevelWord) -> Self {
        match word {
            RuleLevelWord::Allow => Self::Allow,
            RuleLevelWord::Deny => Self::Deny,
            RuleLevelWord::Warn => Self::Warn,
        }
    }
}
