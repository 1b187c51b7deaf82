//! Where requests go, and with which key.

use serde_json::{Value, json};

use super::{ends_after, is_client, sends_nothing};

pub(super) fn change(recording: &mut Value) {
    if is_client(recording, &["azure_chat", "azure_embeddings", "sdk_azure"]) {
        change_azure(recording);
    }
    change_query(recording);
    change_redirect(recording);
}

fn change_azure(recording: &mut Value) {
    let config = &recording["input"]["config"];
    let is_set = |name: &str| config.get(name).is_some();
    let env = &recording["input"]["env"];
    // Of two credentials that are set, none is silently left out.
    let has_both = is_set("api_key") && is_set("azure_ad_token");
    // The key of another service does not go to Azure.
    let keys = ["api_key", "api_key_callable", "azure_ad_token"];
    let variables = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"];
    let has_none =
        !keys.iter().any(|name| is_set(name)) && !variables.iter().any(|name| env.get(name).is_some());
    if has_both || (has_none && env.get("OPENAI_API_KEY").is_some()) {
        sends_nothing(recording, "config");
        return;
    }
    // The name of a deployment is one part of the path, whatever it holds.
    let Some(deployment) = config["azure_deployment"].as_str().filter(|name| name.contains('/')) else {
        return;
    };
    let path = recording["expected_request"]["path"].as_str().unwrap_or_default();
    let parts: Vec<_> = deployment.split('/').map(str::len).collect();
    if let Some((before, after)) = path.split_once("/deployments/") {
        let after = after.replacen('/', "%2F", parts.len() - 1);
        recording["expected_request"]["path"] = format!("{before}/deployments/{after}").into();
    }
}

/// The path belongs before the query of the base URL.
fn change_query(recording: &mut Value) {
    let Some(base) = recording["input"]["config"]["base_url"].as_str() else { return };
    let Some((base, query)) = base.split_once('?') else { return };
    let path = base.strip_prefix("{server}").unwrap_or(base).trim_end_matches('/');
    let endpoint = match recording["input"]["client"].as_str() {
        Some("chat") => "chat/completions",
        Some("llm") => "completions",
        Some("embeddings") => "embeddings",
        _ => return,
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs: Value = pairs.map(|(name, value)| json!([name, value])).collect();
    recording["expected_request"]["path"] = format!("{path}/{endpoint}").into();
    recording["expected_request"]["query"] = pairs;
}

/// A redirect is followed to the same server, as often as makes sense, and with the same method. Else it is an error.
fn change_redirect(recording: &mut Value) {
    let answer = &recording["canned_response"];
    let Some(status @ 300..400) = answer["status"].as_u64() else { return };
    let next = &recording["more_exchanges"][0];
    let changes_method = next["expected_request"]["method"].as_str().is_some_and(|method| {
        recording["expected_request"]["method"].as_str().is_some_and(|first| first != method)
    });
    let is_loop = recording["expected_attempts"].as_u64().is_some_and(|attempts| attempts > 6);
    let fails = recording["expected_result"]["error"]["kind"] == "connection";
    if !changes_method && !fails {
        return;
    }
    recording["expected_result"] = json!({ "error": { "kind": "http_status", "status": status } });
    ends_after(recording, if is_loop { 6 } else { 1 });
}
