/** Pure: what users are told. */
package dev.planetary.status;
