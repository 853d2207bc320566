/**
 * The WebSocket as a client: camel-vertx-websocket, extended.
 *
 * <p>URI, handshake headers, sub-protocols, TLS and origin are the stock component's. What this
 * package adds is what the stock client consumer lacks: frames in the order of the socket, none
 * lost right after the handshake, backpressure down to TCP, a close reason that says who closed and
 * with which code, a bounded close, and no reconnecting of its own.
 */
package dev.caravan.socket;
