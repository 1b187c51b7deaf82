//! Short, readable pieces of bodies that are not what they should be.

/// The beginning of a text: at most `max` bytes and a mark where it was cut.
///
/// # Example
/// ```
/// assert_eq!(catena_http::service::bounded("abcd", 3), "abc…");
/// ```
pub fn bounded(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// True if a body looks like a web page.
///
/// # Example
/// ```
/// use catena_http::service::is_html;
/// assert!(is_html(" <!DOCTYPE html>") && !is_html("{}"));
/// ```
pub fn is_html(body: &str) -> bool {
    let body = body.trim_start();
    // XHTML begins with what it is: `<?xml version="1.0"?>`.
    let body = match body.starts_with("<?xml") {
        true => body.split_once("?>").map_or(body, |(_, page)| page.trim_start()),
        false => body,
    };
    let start = body.get(..14).unwrap_or(body).to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<title", "<h1", "<center"]
        .iter()
        .any(|tag| start.starts_with(tag))
}

/// The words of a plain or HTML text on one line, at most `max` bytes. Tags, scripts and styles are left out.
///
/// # Example
/// ```
/// assert_eq!(catena_http::service::words("<html><h1>Bad\nGateway</h1>", 200), "Bad Gateway");
/// ```
pub fn words(text: &str, max: usize) -> String {
    let visible = if is_html(text) { without_tags(text) } else { text.to_owned() };
    bounded(&visible.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        out.push(' ');
        rest = &rest[open..];
        let close = ["script", "style"].iter().find_map(|name| hidden_end(rest, name));
        let end = close.or_else(|| rest.find('>').map(|at| at + 1)).unwrap_or(rest.len());
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The length of an element whose content is not text, if `html` begins with one.
fn hidden_end(html: &str, name: &str) -> Option<usize> {
    let tag = html.get(1..=name.len())?;
    if !tag.eq_ignore_ascii_case(name) {
        return None;
    }
    let lower = html.to_ascii_lowercase();
    Some(lower.find(&format!("</{name}>")).map_or(html.len(), |at| at + name.len() + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(bounded("abc", 3), "abc");
        assert_eq!(bounded("abcd", 3), "abc…");
        assert_eq!(bounded("aé", 2), "a…");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(words(text, 20), expected);
    }

    #[test]
    fn words_of_a_page() {
        check("404 page not found\n", "404 page not found");
        check("<html>\r\n<head><title>502 Bad</title></head></html>", "502 Bad");
        check("<!DOCTYPE html><script>var x='<b>'</script><STYLE>p{}</STYLE>Hi <b>you", "Hi you");
        check("<html><script>never closed", "");
        check("<html", "");
        check("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC><html><h1>407</h1>", "407");
        check("<?xml version='1.0'", "<?xml version='1.0'");
        check("a < b", "a < b");
        check("0123456789 0123456789", "0123456789 012345678…");
        check("", "");
    }
}
