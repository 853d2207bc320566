/** A bridge, a Kafka broker and a stand-in of Genesys Cloud, started to be looked at. */
package dev.caravan.demo;
