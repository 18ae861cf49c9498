//! Physical names: for objects that AWS wants a unique name of.

use sskuba_core::address::{Address, Token};

/// Returns a name of at most `most` letters, digits and hyphens that is the same for the same generation and
/// differs between generations: the resource's name, shortened, and 48 bits of the token.
pub(crate) fn physical_name(address: &Address, token: &Token, most: usize) -> String {
    let token: String = token.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let clean: String = address
        .name()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(most.saturating_sub(token.len() + 1))
        .collect();
    let clean = clean.trim_matches('-');
    if clean.is_empty() { format!("r-{token}") } else { format!("{clean}-{token}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(name: &str) -> Address {
        Address::parse(&format!("aws:ec2:KeyPair::{name}")).unwrap()
    }

    #[test]
    fn a_name_is_of_the_resource_and_its_generation() {
        let token = Token::new([0xab; 16]);
        assert_eq!(physical_name(&address("web_1.a"), &token, 32), "web-1-a-abababababab");
        assert_eq!(
            physical_name(&address("web_1.a"), &token, 32),
            physical_name(&address("web_1.a"), &token, 32)
        );
        assert_ne!(
            physical_name(&address("web"), &token, 32),
            physical_name(&address("web"), &Token::new([1; 16]), 32)
        );
    }

    #[test]
    fn a_long_name_is_shortened_and_keeps_its_token() {
        let name = physical_name(&address(&"x".repeat(60)), &Token::new([0xab; 16]), 32);
        assert_eq!(name.len(), 32);
        assert!(name.ends_with("-abababababab"), "{name}");
    }
}
