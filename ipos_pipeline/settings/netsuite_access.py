"""With what the pipeline signs in to NetSuite: one group of variables for each way."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from ipos_pipeline.clients.netsuite_auth import JwtAlgorithm
from ipos_pipeline.errors import ConfigurationError
from ipos_pipeline.settings.secret_files import refuse_exposed


class OAuth2Settings(BaseModel):
    """OAuth 2.0 client credentials: an integration, its certificate and the private key."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    client_id: str = Field(alias="NETSUITE_CLIENT_ID", min_length=1)
    certificate_id: str = Field(alias="NETSUITE_CERTIFICATE_ID", min_length=1)
    private_key: SecretStr | None = Field(default=None, alias="NETSUITE_PRIVATE_KEY")
    private_key_file: Path | None = Field(
        default=None, alias="NETSUITE_PRIVATE_KEY_FILE", validate_default=True
    )
    jwt_algorithm: JwtAlgorithm = Field(default="PS256", alias="NETSUITE_JWT_ALGORITHM")

    @field_validator("private_key_file")
    @classmethod
    def _has_one_key(cls, path: Path | None, others: ValidationInfo) -> Path | None:
        """Check on the field, not on the model, so that it is told with the other mistakes."""
        if (others.data.get("private_key") is None) == (path is None):
            message = "set one of NETSUITE_PRIVATE_KEY and NETSUITE_PRIVATE_KEY_FILE"
            raise ValueError(message)
        return path

    def private_key_pem(self) -> str:
        """Read the private key.

        Raises ConfigurationError if its file cannot be read, or others can read it too.
        """
        if self.private_key is not None:
            return self.private_key.get_secret_value().replace("\\n", "\n")
        assert self.private_key_file is not None  # noqa: S101 - validated above
        refuse_exposed(self.private_key_file, named="NETSUITE_PRIVATE_KEY_FILE")
        try:
            return self.private_key_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"NETSUITE_PRIVATE_KEY_FILE {self.private_key_file} cannot be read:"
                f" {type(error).__name__}."
            )
            raise ConfigurationError(
                message, recovery="Point it to the PEM file of the integration's private key."
            ) from error


class TbaSettings(BaseModel):
    """Token-based authentication: an integration's consumer, and a token of its user and role."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    consumer_key: SecretStr = Field(alias="NETSUITE_CONSUMER_KEY", min_length=1)
    consumer_secret: SecretStr = Field(alias="NETSUITE_CONSUMER_SECRET", min_length=1)
    token_id: SecretStr = Field(alias="NETSUITE_TOKEN_ID", min_length=1)
    token_secret: SecretStr = Field(alias="NETSUITE_TOKEN_SECRET", min_length=1)
