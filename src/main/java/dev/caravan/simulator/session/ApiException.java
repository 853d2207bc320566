package dev.caravan.simulator.session;

/** Ends a call with an {@link ApiError}. */
public final class ApiException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  ApiException(ApiError error) {
    super(error.code(), null, false, false);
    this.error = error;
  }

  public ApiError error() {
    return error;
  }
}
