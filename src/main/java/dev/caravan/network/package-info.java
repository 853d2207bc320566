/** How servers are reached from a company's network: through its proxy, with its certificates. */
package dev.caravan.network;
