//! Who is asking.

use std::sync::Arc;

use cert_store::{OwnerId, OwnerIdError};

/// Somebody whom the embedder's own authentication has identified.
///
/// ```
/// use cert_service::Caller;
///
/// let alice = Caller::tenant("alice")?;
/// assert_eq!(alice.owner().map(|owner| owner.as_str()), Some("alice"));
///
/// let support = Caller::operator().acting_for("alice")?;
/// assert_eq!(support.owner(), alice.owner());
/// assert!(alice.acting_for("bob").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    role: Role,
    owner: Option<OwnerId>,
    principal: Option<Arc<str>>,
}

impl Caller {
    /// The tenant that owns what it stores, and sees nothing else.
    ///
    /// # Errors
    /// [`OwnerIdError`] for a name that no owner can have.
    pub fn tenant(owner: &str) -> Result<Self, OwnerIdError> {
        Ok(Self { role: Role::Tenant, owner: Some(OwnerId::new(owner)?), principal: None })
    }

    /// An operator: may touch any certificate by its id, act for any owner, and do what concerns the whole store.
    pub const fn operator() -> Self {
        Self { role: Role::Operator, owner: None, principal: None }
    }

    /// A node that serves domains: may list what is bound, follow the changes, and open the keys of certificates that
    /// are bound, and nothing else.
    pub const fn edge() -> Self {
        Self { role: Role::Edge, owner: None, principal: None }
    }

    /// The operator on behalf of `owner`: uploads, lists and quotas are that owner's.
    ///
    /// # Errors
    /// [`ActError::NotOperator`] for a tenant, [`ActError::Owner`] for a name that no owner can have.
    pub fn acting_for(self, owner: &str) -> Result<Self, ActError> {
        match self.role {
            Role::Operator => Ok(Self { owner: Some(OwnerId::new(owner)?), ..self }),
            Role::Edge | Role::Tenant => Err(ActError::NotOperator),
        }
    }

    /// The same caller under the name that your authentication knows it by: a person, an access key. It is for the
    /// audit trail only and gives no rights, and must hold no secret.
    #[must_use]
    pub fn known_as(mut self, principal: &str) -> Self {
        self.principal = Some(principal.into());
        self
    }

    /// The name that your authentication knows it by.
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// The owner on whose behalf the caller acts; `None` for an operator who acts for nobody in particular.
    pub const fn owner(&self) -> Option<&OwnerId> {
        self.owner.as_ref()
    }

    /// Whether it is an operator.
    pub const fn is_operator(&self) -> bool {
        matches!(self.role, Role::Operator)
    }

    /// Whether it is an edge.
    pub const fn is_edge(&self) -> bool {
        matches!(self.role, Role::Edge)
    }

    /// Whether it is an operator who acts for nobody in particular: what concerns all owners asks for that.
    pub(crate) const fn is_over_all(&self) -> bool {
        self.is_operator() && self.owner.is_none()
    }

    /// Whether it may touch what `owner` owns. An operator who acts for somebody sees what that owner sees.
    pub(crate) fn may_act_on(&self, owner: &OwnerId) -> bool {
        self.owner.as_ref().map_or_else(|| self.is_operator(), |own| own == owner)
    }
}

/// Why a caller cannot act for an owner.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// Only operators act for others.
    #[error("only an operator may act for another owner")]
    NotOperator,
    /// No owner can have that name.
    #[error(transparent)]
    Owner(#[from] OwnerIdError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Edge,
    Operator,
    Tenant,
}
