//! The API's description: what the handlers say of themselves, and what is true of all.

use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        ContentBuilder, HttpMethod, InfoBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
        extensions::ExtensionsBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{ObjectBuilder, Type},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use crate::wire::Refusal;

/// Both parts as one document.
pub(crate) fn describe(mut signed: OpenApi, mut unsigned: OpenApi) -> OpenApi {
    for_each_operation(&mut signed, |operation| {
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
        add_parameters(operation);
        add_refusals(operation, &SIGNED_REFUSALS);
    });
    for_each_operation(&mut unsigned, |operation| {
        // An empty list is a statement: nobody has to sign these.
        operation.security = Some(Vec::new());
        add_refusals(operation, &UNSIGNED_REFUSALS);
    });
    signed.merge(unsigned);
    signed.info = InfoBuilder::new()
        .title("Certkeep")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .build();
    let components = signed.components.get_or_insert_default();
    let mut schemas = vec![(Refusal::name().into_owned(), Refusal::schema())];
    Refusal::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme(
        SCHEME,
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", SIGNING))),
    );
    signed
}

const SCHEME: &str = "signature";
const ABOUT: &str = "The SSL certificate API. What is marked `x-certkeep-extension` goes beyond the API that other \
    servers speak. Every answer has an `X-Reqid`; a refusal is an object of the schema `Refusal`.";
const SIGNING: &str = "`QBox <AccessKey>:<signature>` or `Qiniu <AccessKey>:<signature>`: an HMAC-SHA1 of the request \
    under the secret key, in URL-safe base64.";

/// What any call may be refused with.
const UNSIGNED_REFUSALS: [(&str, &str); 3] = [
    ("404", "There is no such call."),
    ("500", "The server failed; its log has the cause under `X-Reqid`."),
    ("503", "The store is out of reach. Try again after `Retry-After` seconds."),
];
const SIGNED_REFUSALS: [(&str, &str); 10] = [
    ("400", "Refused: `code` and `rule` say why."),
    ("401", "The signature is missing or wrong."),
    ("403", "Not for callers of this kind."),
    ("404", "404906: not decoded. 404908: another owner's. 404: no such domain."),
    ("408", "The body did not come in time."),
    ("409", "Something else stands than the call presupposes."),
    ("413", "The body is too long."),
    ("429", "Too many requests. Try again after `Retry-After` seconds."),
    ("500", "The server failed; its log has the cause under `X-Reqid`."),
    ("503", "Too much at once, or the store is out of reach. Try again after `Retry-After` seconds."),
];

fn add_refusals(operation: &mut Operation, refusals: &[(&str, &str)]) {
    for (status, description) in refusals {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Refusal::name()))).build();
        let response =
            ResponseBuilder::new().description(*description).content("application/json", content).build();
        operation.responses.responses.entry((*status).to_owned()).or_insert(RefOr::T(response));
    }
}

/// What every signed call takes.
fn add_parameters(operation: &mut Operation) {
    let text = || Some(ObjectBuilder::new().schema_type(Type::String).build());
    let owner = ParameterBuilder::new()
        .name("owner")
        .parameter_in(ParameterIn::Query)
        .description(Some("Ours: the owner for whom an operator acts."))
        .schema(text())
        .extensions(Some(ours()))
        .build();
    let language = ParameterBuilder::new()
        .name("Accept-Language")
        .parameter_in(ParameterIn::Header)
        .description(Some("Ours: `zh` or `zh-CN` for texts in Chinese."))
        .schema(text())
        .extensions(Some(ours()))
        .build();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.extend([owner, language].map(RefOr::T));
}

fn ours() -> utoipa::openapi::extensions::Extensions {
    ExtensionsBuilder::new().add(EXTENSION, true).build()
}

const EXTENSION: &str = "x-certkeep-extension";

/// Changes every operation, marks ours, and names the second of two methods that share a handler.
fn for_each_operation(document: &mut OpenApi, change: impl Fn(&mut Operation)) {
    for item in document.paths.paths.values_mut() {
        let of_put = item.put.as_ref().and_then(|operation| operation.operation_id.clone());
        for (method, operation) in operations(item) {
            if operation.tags.as_deref().is_some_and(|tags| tags.iter().any(|tag| tag == "certkeep")) {
                operation.extensions = Some(ours());
            }
            if method == HttpMethod::Post && operation.operation_id == of_put {
                operation.operation_id = of_put.as_ref().map(|name| format!("{name}ByPost"));
            }
            change(operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    [(HttpMethod::Get, get), (HttpMethod::Put, put), (HttpMethod::Post, post), (HttpMethod::Delete, delete)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
