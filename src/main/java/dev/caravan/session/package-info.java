/** The session with Genesys Cloud: where it is, the OAuth token, and what a failed call means. */
package dev.caravan.session;
