/** The Camel component {@code genesys:}: Genesys Cloud notifications as exchanges. */
package dev.caravan.genesys;
