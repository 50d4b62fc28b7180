//! How a customer's message came to us: forwarded, from an advertisement, about a product, as an answer.

use serde::{Deserialize, Serialize};

use super::parts::ChannelFault;

/// What stands beside the words of a message. Everything may be absent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Circumstance {
    /// The customer passed it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// The advertisement or post that brought the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Box<Referral>>,
    /// The product of a catalogue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductRef>,
    /// The channel's id of the item that it quotes: personal. Kept because that item may come later, or never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub quotes: Option<String>,
    /// What the channel says is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ChannelFault>,
}

impl Circumstance {
    /// Nothing to tell.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Never what it holds.
impl std::fmt::Debug for Circumstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Circumstance(..)")
    }
}

/// How often a message was passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Forwarded {
    /// Once or a few times.
    Once,
    /// Many times.
    Often,
}

/// An advertisement or post with a button that opens a chat.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Referral {
    /// `ad` or `post`, as the channel says.
    #[serde(default)]
    pub source_type: Option<String>,
    /// The channel's id of it.
    #[serde(default)]
    pub source_id: Option<String>,
    /// Where it can be seen.
    #[serde(default)]
    pub source_url: Option<String>,
    /// Its headline.
    #[serde(default)]
    pub headline: Option<String>,
    /// Its words.
    #[serde(default)]
    pub body: Option<String>,
    /// Image or video.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The picture that it shows.
    #[serde(default)]
    pub picture_url: Option<String>,
    /// The click, for conversion reports; absent for advertisements in the status.
    #[serde(default)]
    pub click_id: Option<String>,
    /// The parameter that the advertiser gave.
    #[serde(default)]
    pub parameter: Option<String>,
    /// What the advertisement greeted with.
    #[serde(default)]
    pub greeting: Option<String>,
}

/// A product of a catalogue.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProductRef {
    /// The catalogue.
    pub catalog_id: String,
    /// The retailer's own id of the product.
    pub product_id: String,
}
