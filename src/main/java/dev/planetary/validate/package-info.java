/** Pure: what is wrong with a spec that the API server cannot see. */
package dev.planetary.validate;
