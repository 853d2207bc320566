/** The stand-in's tokens, channels, subscriptions and sockets. */
package dev.caravan.simulator.session;
