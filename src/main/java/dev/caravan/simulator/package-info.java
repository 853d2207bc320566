/**
 * A stand-in for Genesys Cloud: login, notification REST API, channels, sockets and a contact
 * centre that keeps talking, for tests and for trying things out. It is held to the documented
 * facts and shares nothing with the client but the topic catalogue.
 */
package dev.caravan.simulator;
