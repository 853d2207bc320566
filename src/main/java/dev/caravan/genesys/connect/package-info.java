/**
 * Opens channels by the control routes: token, calls, subscriptions, socket, and what a failure
 * means.
 */
package dev.caravan.genesys.connect;
